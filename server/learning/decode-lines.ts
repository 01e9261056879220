import { TableFault } from './table-fault.ts';

const lineMax = 4_000_000;

/** Whole lines at a time (no byte of a longer character is a line feed in either encoding), so that a wrong one can be named. */
export function lineDecoder(encoding: string): (bytes: Buffer, isLast: boolean) => string | { wrongOn: number } {
  const decoder = new TextDecoder(encoding, { fatal: true, ignoreBOM: true });
  let held: Buffer[] = [];
  let line = 1;
  const decode = (bytes: Buffer) => {
    try {
      return decoder.decode(bytes);
    } catch (error) {
      if (!(error instanceof TypeError)) throw error;
      return null;
    }
  };
  return (bytes, isLast) => {
    const end = isLast ? bytes.length : bytes.lastIndexOf(10) + 1;
    if (end === 0 && !isLast) {
      held.push(Buffer.from(bytes));
      if (held.reduce((sum, each) => sum + each.length, 0) > lineMax)
        throw new TableFault(`Line ${line} is longer than ${lineMax} bytes: this is not a CSV file.`);
      return '';
    }
    const whole = Buffer.concat([...held, bytes.subarray(0, end)]);
    held = end < bytes.length ? [Buffer.from(bytes.subarray(end))] : [];
    const text = decode(whole);
    if (text === null) {
      for (let from = 0; ; line++) {
        const to = whole.indexOf(10, from) + 1 || whole.length;
        if (decode(whole.subarray(from, to)) === null || to >= whole.length) return { wrongOn: line };
        from = to;
      }
    }
    const isFirst = line === 1;
    for (let at = whole.indexOf(10); at >= 0; at = whole.indexOf(10, at + 1)) line++;
    return isFirst ? text.replace(/^\uFEFF/, '') : text;
  };
}
