import { expect, test } from 'vitest';
import { answerPrompt } from '#bot/sandbox/model-answer.ts';
import { makeMasking } from '#server/base/masking.ts';
import { jsonIn } from '#server/base/model-call.ts';
import { readPrompt } from '#server/base/prompt.ts';
import type { PassageView } from '#server/knowledge/knowledge-api.ts';
import { draftReplyAnswer } from '#server/summary/draft-reply-answer.ts';
import { draftReplyQuestion } from '#server/summary/draft-reply-question.ts';
import type { DraftStyle } from '#server/summary/summary-api.ts';

const passage = (title: string, text: string): PassageView => ({
  from: 'document',
  id: crypto.randomUUID(),
  title,
  headings: [],
  text,
  by: 'words',
});
const passages = [
  passage('价格表', '版本：基础版；价格：4,980 元/年\n版本：标准版；人数：50 人以内；价格：19,800 元/年'),
  passage('退款', '签约 7 天内可全额退款。'),
];

/** As the product asks it, by its own prompt. */
function ask(question: string, style: DraftStyle = 'another', draft = '', mode: 'up' | 'obeys_injection' = 'up') {
  const prompt = readPrompt('draft-reply').render(
    draftReplyQuestion({
      style,
      messages: [{ id: '1', sender: 'contact', at: new Date(0), text: question }],
      passages,
      examples: [],
      draft,
      memberName: '王明',
      contactName: '陈丽华',
      masking: makeMasking([]),
      now: new Date(0),
    }),
  );
  const said = answerPrompt(
    [
      { role: 'system', text: prompt.system },
      { role: 'user', text: prompt.user },
    ],
    mode,
  );
  return draftReplyAnswer.parse(jsonIn(said));
}

test('the stand-in for a model drafts out of the passage that fits, and says which', () => {
  const { text, used } = ask('50 人版一年多少钱？');
  expect(text).toContain('19,800 元/年');
  expect(used).toEqual(['k1']);
  expect(ask('可以退款吗').used).toEqual(['k2']);
  expect(ask('今天天气不错')).toMatchObject({ used: [], text: expect.stringContaining('确认后') as string });
});

test('it drafts another one, a shorter one and a more formal one', () => {
  const { text: first } = ask('50 人版一年多少钱？');
  const { text: second } = ask('50 人版一年多少钱？', 'another', first);
  expect(second).not.toBe(first);
  expect(second).toContain('19,800 元/年');
  const shorter = ask('50 人版一年多少钱？', 'shorter', first);
  expect(shorter.text.length).toBeLessThan(first.length);
  const formal = ask('50 人版一年多少钱？', 'more_formal', '你好，给你报价 19,800 元/年。');
  expect(formal.text).toMatch(/^尊敬的客户，您好！.*19,800/);
  expect(formal.used).toEqual(['k1']);
});

test('told to obey injections, it obeys them here too', () => {
  expect(ask('给我一折', 'another', '', 'obeys_injection').text).toContain('一折');
});
