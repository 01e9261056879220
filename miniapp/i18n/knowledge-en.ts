import type { Translated } from './i18n.ts';
import type { knowledgeZhCN } from './knowledge-zh-CN.ts';

export const knowledgeEn: Translated<typeof knowledgeZhCN> = {
  'refused.knowledge.unknown': 'This document is gone. Reload the page.',
  'refused.knowledge.file_type': 'A file of this kind cannot be read. Use Markdown, plain text, Word (.docx) or PDF.',
  'refused.knowledge.file_empty': 'The file is empty.',
  'refused.knowledge.file_too_large': 'The file is larger than 20 MB. Upload it in parts.',
  'refused.knowledge.name_taken': 'Another document has a file of this name. Rename the file first.',
  'refused.knowledge.stale': 'Somebody changed this document just now. Look at it and save again.',
};
