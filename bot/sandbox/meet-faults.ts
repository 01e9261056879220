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

/** The fault of this call of the page's bridge, else the one of all calls; it is gone once it was met as often as it should. */
export function meetBridgeFault<Kind extends string>(
  faults: Record<string, { kind: Kind; calls: number | null }>,
  name: string,
): Kind | null {
  const key = faults[name] ? name : '*';
  const fault = faults[key];
  if (!fault) return null;
  if (fault.calls !== null) fault.calls -= 1;
  if (fault.calls === 0) delete faults[key];
  return fault.kind;
}
