/** What the desk says of the knowledge base. */
export const knowledgeZhCN = {
  'refused.knowledge.unknown': '找不到这份文档，请刷新页面。',
  'refused.knowledge.file_type': '这种文件读不了。请用 Markdown、纯文本、Word（.docx）或 PDF。',
  'refused.knowledge.file_empty': '文件是空的。',
  'refused.knowledge.file_too_large': '文件超过 20 MB。请拆成几份再上传。',
  'refused.knowledge.name_taken': '已有另一份文档用这个文件名。请改名后再上传。',
  'refused.knowledge.stale': '这份文档刚被别人改过。请看一眼再保存。',
} as const;
