import { useQuery } from '@tanstack/vue-query';
import { computed, type ComputedRef } from 'vue';
import type { FileView, MaterialContent, MessageContent } from '#server/material/material-api.ts';
import { api } from '#miniapp/api/api.ts';
import { isApiError } from '#miniapp/api/api-error.ts';
import { titleOf } from './material-words.ts';

export type Attachment = MessageContent['attachments'][number];

export interface ShownAttachment {
  content: MaterialContent | null;
  file: FileView | null;
  title: string;
  isArchived: boolean;
  /** A material that is not there, or out of sight. */
  isMissing: boolean;
  error: Error | null;
}

export const keyOf = (attachment: Attachment): string =>
  'materialId' in attachment ? attachment.materialId : JSON.stringify(attachment.content);

/** What an attachment is: itself, or the material it names. */
export function useAttachment(attachment: () => Attachment): ComputedRef<ShownAttachment> {
  const materialId = computed(() => {
    const one = attachment();
    return 'materialId' in one ? one.materialId : '';
  });
  const material = useQuery({
    queryKey: ['material', materialId],
    queryFn: () => api.material({ params: { id: materialId.value } }),
    enabled: computed(() => materialId.value !== ''),
  });
  const content = computed((): MaterialContent | null => {
    const one = attachment();
    return 'content' in one ? one.content : (material.data.value?.content ?? null);
  });
  const fileId = computed(() => {
    const one = attachment();
    return 'content' in one && 'fileId' in one.content ? one.content.fileId : '';
  });
  const file = useQuery({
    queryKey: ['material-file', fileId],
    queryFn: () => api.materialFile({ params: { id: fileId.value } }),
    enabled: computed(() => fileId.value !== ''),
    // A file never changes.
    staleTime: Infinity,
  });
  return computed(() => {
    const shownFile = material.data.value?.file ?? file.data.value ?? null;
    return {
      content: content.value,
      file: shownFile,
      title: material.data.value?.title ?? (content.value ? titleOf(content.value, shownFile) : ''),
      isArchived: (material.data.value?.archivedAt ?? null) !== null,
      isMissing: isApiError(material.error.value, 404),
      error: material.error.value ?? file.error.value,
    };
  });
}
