import os from 'node:os';

export interface Line {
  what: string;
  value: string;
  aim?: string;
  isMet?: boolean;
}

export function machineClass(): string {
  const [cpu] = os.cpus();
  const memory = Math.round(os.totalmem() / 2 ** 30);
  return `${os.availableParallelism()} × ${cpu?.model ?? os.arch()}, ${memory} GB, ${os.platform()}, Node ${process.versions.node}`;
}

/** `part` of the values are below it. */
export function quantileOf(values: readonly number[], part: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? 0;
}

/** In milliseconds. */
export async function timed(work: () => Promise<void>): Promise<number> {
  const startedAt = performance.now();
  await work();
  return performance.now() - startedAt;
}

/** As it stands in docs/measured.md. */
export function tableOf(lines: Line[]): string {
  const rows = lines.map(({ what, value, aim = '', isMet }) => [
    what,
    value,
    isMet === false ? `${aim}, not met` : aim,
  ]);
  return [['measured', 'value', 'aim'], ['---', '---', '---'], ...rows]
    .map((row) => `| ${row.join(' | ')} |`)
    .join('\n');
}
