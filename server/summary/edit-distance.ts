const LETTERS_MAX = 2000;

/** Share of letters changed between a suggestion and what was made of it: 0 as it was, 1 nothing left. */
export function editDistance(suggested: string, made: string): number {
  const [from, to] = [lettersOf(suggested), lettersOf(made)];
  const longest = Math.max(from.length, to.length);
  if (longest === 0) return 0;
  let row = Array.from({ length: to.length + 1 }, (_, at) => at);
  for (const [i, letter] of from.entries()) {
    const next = [i + 1];
    for (const [j, other] of to.entries())
      next.push(Math.min((next[j] ?? 0) + 1, (row[j + 1] ?? 0) + 1, (row[j] ?? 0) + (letter === other ? 0 : 1)));
    row = next;
  }
  return (row.at(-1) ?? 0) / longest;
}

/** Widths, spaces and signs are no words, and neither is what was hidden from the model and is not known here. */
function lettersOf(text: string): string[] {
  const plain = text
    .normalize('NFKC')
    .toLowerCase()
    .replace(/【[^【】]{1,4}\d+】/g, '')
    .replace(/[^\p{L}\p{N}]/gu, '');
  return [...plain].slice(0, LETTERS_MAX);
}
