/**
 * Something to decide, as every platform with cards can show it. The texts are data: each platform escapes and cuts them
 * to what it takes. A platform that was given the same `key` before makes no second card of it.
 */
export interface Card {
  /** Ours, for ever unique: 1 to 64 of 0-9 A-Z a-z _ - */
  key: string;
  /** What it is about, one line. */
  title: string;
  /** Who, how much, when, why; at most 6. */
  lines: { label: string; text: string }[];
  /** What to be careful about; '' when there is nothing. */
  risk: string;
  /** Where the whole of it is to be read. */
  url: string;
  /** [] when there is nothing left to press. */
  buttons: CardButton[];
  /** Who decided what and when; '' while it is open. */
  verdict: string;
}

export interface CardButton {
  /** Comes back in `card_pressed`; 1 to 32 of 0-9 a-z _ */
  action: string;
  label: string;
  style: 'primary' | 'danger' | 'plain';
  /** Opens the card's `url` in place of telling us. */
  opensPage: boolean;
}
