import { api } from '#miniapp/api/api.ts';
import type { BroadcastView } from '#server/broadcast/broadcast-api.ts';
import { control } from './control.ts';
import { logIn } from './product.ts';
import { lines } from './story.ts';

const lookMs = 1000;
const looksMax = 60;

/**
 * What the marketing member does at the desk, through the same public calls: a segment, the message, a look at it on their
 * own phone, and the request for approval. Leaves the browser logged in as them. Answers the broadcast as it waits.
 */
export async function submitBroadcast(marketing: string): Promise<BroadcastView> {
  await control.play(marketing);
  await logIn();
  const segmentId = await segmentOf(lines.segment);
  const { name, text } = lines.broadcast;
  const draft = await api.createBroadcast({ body: { name: `${name} ${Date.now() % 10_000}`, segmentId } });
  const params = { id: draft.id };
  const edited = await api.editBroadcast({
    params,
    body: {
      version: draft.version,
      name: draft.name,
      audience: { ...draft.audience, segmentId, holdOutPercent: 20 },
      content: { variants: [{ key: 'A', share: 100, content: { text, attachments: [] } }] },
      sendAt: null,
    },
  });
  await api.testBroadcast({ params, body: { variant: 'A' } });
  await api.submitBroadcast({ params, body: { version: edited.version, reason: lines.broadcast.reason } });
  for (let left = looksMax; left > 0; left -= 1) {
    const seen = await api.broadcast({ params });
    if (seen.state !== 'freezing') return seen;
    await new Promise((resolve) => setTimeout(resolve, lookMs));
  }
  return api.broadcast({ params });
}

/** The story's own; made once. */
async function segmentOf({ name, tags }: { name: string; tags: readonly string[] }): Promise<string> {
  const { items } = await api.segments({ query: { search: name } });
  const [found] = items;
  if (found) return found.id;
  const { fields } = await api.segmentFields();
  const options = fields.find(({ field }) => field === 'follow.tag')?.options ?? [];
  const value = options.filter(({ label }) => tags.some((tag) => label.includes(tag))).map((one) => one.value);
  const made = await api.createSegment({
    body: {
      name,
      description: '',
      rule: {
        all: [
          { field: 'contact.opted_out', operator: 'no' },
          ...(value.length > 0 ? [{ field: 'follow.tag', operator: 'is_any', value }] : []),
        ],
      },
    },
  });
  return made.id;
}
