import type { z } from 'zod';
import type { Caller } from '#server/base/caller.ts';
import type { Deps } from '#server/base/deps.ts';
import { dateOf, dayOf } from '#server/base/shanghai.ts';
import { getContactByIdInScope } from '#server/contact/contact-store.ts';
import type { SummaryView } from '#server/summary/summary-api.ts';
import { viewSummary } from '#server/summary/view-summary.ts';
import { resolveDuePhrase } from '#server/task/due-phrase.ts';
import { amountIn } from './money-phrase.ts';
import type { opportunityApi } from './opportunity-api.ts';

export type Prefill = z.infer<(typeof opportunityApi.prefill)['answer']>;
type Statement = SummaryView['statements'][number];
type Quote = Statement['quotes'][number];

/** What the newest summary with the contact says of a sale, each with the words it rests on. Writes nothing. */
export async function prefillOpportunity(deps: Deps, caller: Caller, contactId: string): Promise<Prefill> {
  const contact = await getContactByIdInScope(deps.db, caller.scope, contactId);
  const { summary } = await viewSummary(deps, caller, contact.id);
  return prefillFrom(summary?.statements ?? []);
}

/** A value without a quote is none: the rep must be able to see who said it. */
export function prefillFrom(statements: readonly Statement[]): Prefill {
  const quotes: Prefill['quotes'] = {};
  const cite = <Value>(field: string, found: { value: Value; quote: Quote } | null): Value | null => {
    if (!found) return null;
    quotes[field] = { messageId: found.quote.messageId, quote: found.quote.quote };
    return found.value;
  };
  const need = firstOf(statements, 'need', 500);
  return {
    title: cite('title', need && { value: headline(need.value), quote: need.quote }),
    amountFen: cite('amountFen', amountOf(statements)),
    expectedOn: cite('expectedOn', expectedDay(statements)),
    need: cite('need', need),
    budget: cite('budget', firstOf(statements, 'budget', 200)),
    decisionMaker: cite('decisionMaker', firstOf(statements, 'decision_maker', 200)),
    quotes,
  };
}

function firstOf(
  statements: readonly Statement[],
  kind: Statement['kind'],
  lengthMax: number,
): { value: string; quote: Quote } | null {
  const found = statements.find((statement) => statement.kind === kind && statement.quotes.length > 0);
  const [quote] = found?.quotes ?? [];
  return found && quote ? { value: found.text.slice(0, lengthMax), quote } : null;
}

const headline = (text: string): string => text.split(/[，。；;！!？?\n]/)[0]?.slice(0, 40) || text.slice(0, 40);

/** One sum in the customer's own words; where their words name several, or the summary names another, none. */
function amountOf(statements: readonly Statement[]): { value: number; quote: Quote } | null {
  const budgets = statements.filter(({ kind }) => kind === 'budget');
  const said = budgets.flatMap(({ quotes }) =>
    quotes.flatMap((quote) => {
      const value = amountIn(quote.quote);
      return value === null ? [] : [{ value, quote }];
    }),
  );
  const [first] = said;
  if (!first || said.some(({ value }) => value !== first.value)) return null;
  const isContradicted = budgets.some(({ text }) => (amountIn(text) ?? first.value) !== first.value);
  return isContradicted ? null : first;
}

/** Words of buying, so that the day of a visit is not taken for the day of the deal. */
const isOfBuying =
  /上线|采购|购买|下单|签约|签合同|签单|合同|定下来|敲定|确定下来|成交|付款|打款|启用|开始用|用起来|交付|到货|要货/;
/** What resolves to a day although no day is named: 一年多少钱. */
const spans = /[\d一二两三四五六七八九十半]+个?(?:年|月|周|天)(?![底末初中内之以后前号日\d])/g;

/** The one day by which the words of the chat want the deal done; null when they name none, or several. */
function expectedDay(statements: readonly Statement[]): { value: string; quote: Quote } | null {
  const said = statements
    .filter(({ kind, who }) => kind !== 'promise' || who === 'contact')
    .flatMap(({ quotes }) => quotes)
    .flatMap((quote) =>
      quote.quote
        .split(/[，。；！？,;!?\n]/)
        .filter((clause) => isOfBuying.test(clause))
        .flatMap((clause) => {
          // Without the word itself: the 上 of 下个月上线 would be the beginning of the month.
          const due = resolveDuePhrase(clause.replace(isOfBuying, '、').replace(spans, ''), new Date(quote.at));
          return due ? [{ value: isoDay(due), quote }] : [];
        }),
    );
  const [first] = said;
  return first && said.every(({ value }) => value === first.value) ? first : null;
}

function isoDay(at: Date): string {
  const { year, month, date } = dateOf(dayOf(at));
  const two = (value: number) => String(value).padStart(2, '0');
  return `${year}-${two(month)}-${two(date)}`;
}
