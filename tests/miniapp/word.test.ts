import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { channelEn } from '#miniapp/i18n/channel-en.ts';
import { channelZhCN } from '#miniapp/i18n/channel-zh-CN.ts';
import { broadcastEn } from '#miniapp/i18n/broadcast-en.ts';
import { broadcastZhCN } from '#miniapp/i18n/broadcast-zh-CN.ts';
import { deskEn } from '#miniapp/i18n/desk-en.ts';
import { deskZhCN } from '#miniapp/i18n/desk-zh-CN.ts';
import { factorEn } from '#miniapp/i18n/factor-en.ts';
import { factorZhCN } from '#miniapp/i18n/factor-zh-CN.ts';
import { en as commonEn } from '#miniapp/i18n/en.ts';
import type { MessageKey } from '#miniapp/i18n/i18n.ts';
import { inboxEn } from '#miniapp/i18n/inbox-en.ts';
import { inboxZhCN } from '#miniapp/i18n/inbox-zh-CN.ts';
import { knowledgeEn } from '#miniapp/i18n/knowledge-en.ts';
import { knowledgeZhCN } from '#miniapp/i18n/knowledge-zh-CN.ts';
import { materialSendEn } from '#miniapp/i18n/material-send-en.ts';
import { materialSendZhCN } from '#miniapp/i18n/material-send-zh-CN.ts';
import { materialEn } from '#miniapp/i18n/material-en.ts';
import { materialZhCN } from '#miniapp/i18n/material-zh-CN.ts';
import { opportunityEn } from '#miniapp/i18n/opportunity-en.ts';
import { opportunityZhCN } from '#miniapp/i18n/opportunity-zh-CN.ts';
import { scoringEn } from '#miniapp/i18n/scoring-en.ts';
import { scoringZhCN } from '#miniapp/i18n/scoring-zh-CN.ts';
import { segmentEn } from '#miniapp/i18n/segment-en.ts';
import { segmentZhCN } from '#miniapp/i18n/segment-zh-CN.ts';
import { seriesDeskEn } from '#miniapp/i18n/series-desk-en.ts';
import { seriesDeskZhCN } from '#miniapp/i18n/series-desk-zh-CN.ts';
import { seriesEn } from '#miniapp/i18n/series-en.ts';
import { seriesZhCN } from '#miniapp/i18n/series-zh-CN.ts';
import { usageEn } from '#miniapp/i18n/usage-en.ts';
import { usageZhCN } from '#miniapp/i18n/usage-zh-CN.ts';
import { zhCN as commonZhCN } from '#miniapp/i18n/zh-CN.ts';

const miniapp = path.join(import.meta.dirname, '..', '..', 'miniapp');
const zhCN: Record<MessageKey, string> = {
  ...commonZhCN,
  ...inboxZhCN,
  ...deskZhCN,
  ...factorZhCN,
  ...channelZhCN,
  ...seriesZhCN,
  ...seriesDeskZhCN,
  ...materialSendZhCN,
  ...materialZhCN,
  ...knowledgeZhCN,
  ...opportunityZhCN,
  ...segmentZhCN,
  ...broadcastZhCN,
  ...scoringZhCN,
  ...usageZhCN,
};
const en: Record<MessageKey, string> = {
  ...commonEn,
  ...inboxEn,
  ...deskEn,
  ...factorEn,
  ...channelEn,
  ...seriesEn,
  ...seriesDeskEn,
  ...materialSendEn,
  ...materialEn,
  ...knowledgeEn,
  ...opportunityEn,
  ...segmentEn,
  ...broadcastEn,
  ...scoringEn,
  ...usageEn,
};
const keys = Object.keys(zhCN) as MessageKey[];
const blanks = (text: string) => [...new Set(text.match(/\{\w+\}/g))].sort();

const sources = readdirSync(miniapp, { recursive: true, encoding: 'utf8' })
  .filter((file) => /\.(vue|ts)$/.test(file) && !/^(dist|sandbox)[/\\]|(zh-CN|en)\.ts$/.test(file))
  .map((file) => ({ file, text: readFileSync(path.join(miniapp, file), 'utf8') }));

test('both languages leave the same blanks in every message', () => {
  const forms = (key: MessageKey) => en[key].split('|');
  const differing = keys.filter((key) => forms(key).some((form) => `${blanks(form)}` !== `${blanks(zhCN[key])}`));
  expect(differing).toEqual([]);
});

test('the English words are English', () => {
  const quoting: MessageKey[] = ['paste.hint'];
  expect(keys.filter((key) => /\p{Script=Han}/u.test(en[key]))).toEqual(quoting);
});

test('no two files of words say the same thing', () => {
  const said = [
    commonZhCN,
    inboxZhCN,
    deskZhCN,
    factorZhCN,
    channelZhCN,
    materialSendZhCN,
    materialZhCN,
    knowledgeZhCN,
    opportunityZhCN,
    segmentZhCN,
    broadcastZhCN,
    seriesZhCN,
    seriesDeskZhCN,
    scoringZhCN,
    usageZhCN,
  ].flatMap((words) => Object.keys(words));
  expect(said.filter((key, index) => said.indexOf(key) !== index)).toEqual([]);
});

test('no message is kept that no page says', () => {
  const all = sources.map(({ text }) => text).join('\n');
  // Keys of a family are put together where they are said: `cast.state.${state}`.
  const families = new Set([...all.matchAll(/`([\w.-]+\.)\$\{/g)].map(([, family]) => family));
  const isOfFamily = (key: string) => families.has(key.slice(0, key.lastIndexOf('.') + 1));
  const unsaid = keys.filter(
    (key) => !/^(refused|feature|factor)\./.test(key) && !all.includes(`'${key}'`) && !isOfFamily(key),
  );
  expect(unsaid).toEqual([]);
});

test('no page says a word that cannot be translated', () => {
  const own = />(中文|English)</g;
  const saying = sources
    .filter(({ file }) => file.endsWith('.vue'))
    .flatMap(({ file, text }) => {
      const template = text.slice(text.indexOf('<template>'), text.lastIndexOf('</template>'));
      const words = template
        .replace(/<!--[^]*?-->/g, '')
        .replace(own, '><')
        .match(/\p{Script=Han}+/gu);
      return words ? [`${file}: ${words.join(' ')}`] : [];
    });
  expect(saying).toEqual([]);
});

test('no page shows anything as markup: what a customer wrote stays text', () => {
  const markup = /v-html|innerHTML|insertAdjacentHTML|document\.write/;
  expect(sources.filter(({ text }) => markup.test(text)).map(({ file }) => file)).toEqual([]);
});

/** Said to platforms, operators, admins at other screens, or mended by the page itself. */
const unheard =
  /^(callback|metrics|page|route|import|member|customer_field|welcome|request\.(aborted|invalid)|\w+\.cursor)/;

test('every refusal a rep can meet is said in the rep’s language', () => {
  const server = path.join(miniapp, '..', 'server');
  const codes = readdirSync(server, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts'))
    .flatMap((file) => [...readFileSync(path.join(server, file), 'utf8').matchAll(/new Refusal\(\s*'([\w.]+)'/g)])
    .map((match) => match[1] ?? '');
  expect(codes.length).toBeGreaterThan(20);
  const heard = [...new Set(codes)].filter((code) => !unheard.test(code));
  expect(heard.filter((code) => !keys.includes(`refused.${code}` as MessageKey))).toEqual([]);
});
