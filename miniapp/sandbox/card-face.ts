/** What the card template makes of its parameters; their names are bot/dingtalk/dingtalk-card.ts's. */
export interface CardFace {
  title: string;
  lines: { label: string; text: string }[];
  risk: string;
  verdict: string;
  url: string | null;
  buttons: CardButton[];
}

export interface CardButton {
  slot: Slot;
  label: string;
  /** What the product is told; '' where the button opens `url` in place of that. */
  action: string;
  url: string;
}

/** As the template lays them out: to agree is always the last. */
const slots = ['more', 'reject', 'approve'] as const;
type Slot = (typeof slots)[number];
const linesMax = 6;

export function faceOf(shown: Readonly<Record<string, string>>): CardFace {
  const said = (name: string) => shown[name] ?? '';
  const numbers = Array.from({ length: linesMax }, (_, at) => at + 1);
  return {
    title: said('title'),
    lines: numbers
      .map((number) => ({ label: said(`line${number}_label`), text: said(`line${number}_text`) }))
      .filter((line) => line.label !== '' || line.text !== ''),
    risk: said('risk'),
    verdict: said('verdict'),
    url: said('url') || null,
    buttons: slots
      .map((slot) => ({
        slot,
        label: said(`${slot}_label`),
        action: said(`${slot}_action`),
        url: said(`${slot}_url`),
      }))
      .filter((button) => button.label !== ''),
  };
}
