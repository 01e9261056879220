interface Fault {
  /** A call's path, a family of them ending in `/*`, or `*` for all. */
  path: string;
  /** How many calls it still meets; null: until it is taken away. */
  calls: number | null;
}

/** The faults that meet a call; each is one call nearer to its end. `left` are those still to come. */
export function meetFaults<Kind extends Fault>(faults: readonly Kind[], path: string): { met: Kind[]; left: Kind[] } {
  const met = faults.filter(
    (fault) =>
      fault.path === '*' ||
      fault.path === path ||
      (fault.path.endsWith('/*') && path.startsWith(fault.path.slice(0, -1))),
  );
  for (const fault of met) if (fault.calls !== null) fault.calls -= 1;
  return { met, left: faults.filter((fault) => fault.calls === null || fault.calls > 0) };
}
