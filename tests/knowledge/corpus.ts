import { insertDocument } from '#server/knowledge/document-store.ts';
import { replacePassages } from '#server/knowledge/passage-store.ts';
import { passagesOf, rowsOf, type Block } from '#server/knowledge/passage.ts';
import type { Deps } from '#server/base/deps.ts';

const heading = (level: number, text: string): Block => ({ kind: 'heading', level, text });
const paragraph = (text: string): Block => ({ kind: 'paragraph', text });

/** What a company selling software might have written down. */
export const corpus: Record<string, Block[]> = {
  价格表: [
    heading(1, '产品价格'),
    heading(2, '按人数计费'),
    ...rowsOf([
      ['版本', '人数', '价格', '包含'],
      ['基础版', '10 人以内', '4,980 元/年', '客户管理、标签'],
      ['标准版', '50 人以内', '19,800 元/年', '含会话存档、自动摘要'],
      ['旗舰版', '200 人以内', '59,800 元/年', '含专属顾问、私有化选项'],
    ]),
    heading(2, '折扣政策'),
    paragraph('一次签两年九五折，签三年九折。教育与公益机构另有八五折，需提供证明。其余折扣须区域经理审批。'),
    heading(2, '发票与付款'),
    paragraph('支持对公转账与支付宝，签约后 5 个工作日内开具增值税专用发票，税率 6%。'),
  ],
  实施手册: [
    heading(1, '上线流程'),
    paragraph('标准项目 15 个工作日上线：第一周做需求确认与环境准备，第二周导入数据，第三周培训并试运行。'),
    heading(2, '数据迁移'),
    paragraph('可从 Excel、旧 CRM 导入客户与联系人，十万条以内当天完成。'),
    heading(2, '系统对接'),
    paragraph('提供开放 API，已与金蝶、用友、SAP 打通；定制接口按人天另计。'),
  ],
  安全白皮书: [
    heading(1, '数据安全'),
    paragraph('数据存放在上海机房，全程 TLS 加密，敏感字段落库加密，已通过等保三级与 ISO 27001 认证。'),
    heading(2, '私有化部署'),
    paragraph('旗舰版可部署在客户自己的服务器上，最低 3 台 8 核 32G，需内网可访问企业微信接口。'),
  ],
  常见问题: [
    heading(1, '售后服务'),
    paragraph('工作日 9:00 到 18:00 在线客服，旗舰版提供 7×24 小时电话支持，故障 30 分钟内响应。'),
    heading(2, '试用'),
    paragraph('可免费试用 14 天，到期数据保留 30 天，转正式后直接沿用。'),
    heading(2, '退款'),
    paragraph('签约 7 天内未导入数据可全额退款，之后按未使用月份折算。'),
  ],
};

/** Each as a document that has been read. */
export async function fillKnowledge(deps: Deps, documents = corpus, updatedBy = crypto.randomUUID()): Promise<void> {
  for (const [title, blocks] of Object.entries(documents)) {
    const { id } = await insertDocument(deps.db, {
      title,
      name: `${title}.md`,
      kind: 'markdown',
      bytes: Buffer.from(title),
      sha256: title,
      updatedBy,
      at: deps.now(),
    });
    const passages = passagesOf(blocks);
    await deps.db.$transaction((tx) => replacePassages(tx, { documentId: id }, title, passages));
    await deps.db.knowledgeDocument.update({ where: { id }, data: { state: 'ready', readUpload: 1 } });
  }
}
