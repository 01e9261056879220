import { z } from 'zod';
import type { FollowKey, TagGroup } from '#server/platform/contact.ts';
import type { PlatformKey } from '#server/platform/key.ts';
import { done, type WecomApi } from './wecom-api.ts';
import { key, listOf, number } from '#bot/shared/field.ts';

const isDeleted = z.boolean().catch(false);
const tagsAnswer = z.object({
  tag_group: listOf(
    z.object({
      group_id: key,
      group_name: z.string().catch(''),
      order: number,
      deleted: isDeleted,
      tag: listOf(z.object({ id: key, name: z.string().catch(''), order: number, deleted: isDeleted })),
    }),
  ),
});

/** D92117: all at once, at most 10,000 tags a corp; a larger `order` comes first. */
export async function listTags(api: WecomApi): Promise<TagGroup[]> {
  const { tag_group } = await api({ path: 'externalcontact/get_corp_tag_list', body: {}, answer: tagsAnswer });
  return tag_group
    .filter((group) => !group.deleted)
    .map((group) => ({
      key: group.group_id,
      name: group.group_name,
      order: group.order,
      tags: group.tag.filter((tag) => !tag.deleted).map(({ id, name, order }) => ({ key: id, name, order })),
    }));
}

/** D92118: two calls for the same pair at once are refused with 45035; no callback. */
export async function markTags(
  api: WecomApi,
  of: FollowKey,
  change: { add: PlatformKey[]; remove: PlatformKey[] },
): Promise<void> {
  if (change.add.length === 0 && change.remove.length === 0) return;
  await api({
    path: 'externalcontact/mark_tag',
    body: { userid: of.member, external_userid: of.contact, add_tag: change.add, remove_tag: change.remove },
    changes: true,
    answer: done,
  });
}
