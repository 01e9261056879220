import { inflateRawSync } from 'node:zlib';
import { ReadFailure } from './read-failure.ts';

const END = 0x06_05_4b_50;
const ENTRY = 0x02_01_4b_50;
const END_BYTES = 22;
const ENTRY_BYTES = 46;
const COMMENT_BYTES_MAX = 65_535;
const ENTRIES_MAX = 2000;

interface Entry {
  name: string;
  isEncrypted: boolean;
  isStored: boolean;
  compressed: Buffer;
}

/**
 * Unpacks a ZIP archive to see how much is in it: what it says of itself may be a lie. Answers the names of its entries.
 * https://pkware.cachefly.net/webdocs/casestudies/APPNOTE.TXT
 */
export function checkZip(
  bytes: Buffer,
  { bytesMax, look }: { bytesMax: number; look: (name: string, unpacked: Buffer) => void },
): string[] {
  const entries = entriesOf(bytes);
  let left = bytesMax;
  for (const { name, isEncrypted, isStored, compressed } of entries) {
    if (isEncrypted) throw new ReadFailure('knowledge.encrypted');
    const unpacked = isStored ? compressed : inflated(compressed, left);
    left -= unpacked.length;
    if (left < 0) throw new ReadFailure('knowledge.too_large_inside');
    look(name, unpacked);
  }
  return entries.map(({ name }) => name);
}

function inflated(compressed: Buffer, bytesMax: number): Buffer {
  try {
    return inflateRawSync(compressed, { maxOutputLength: Math.max(bytesMax, 1) });
  } catch (error) {
    const isTooLarge = (error as { code?: string }).code === 'ERR_BUFFER_TOO_LARGE';
    throw new ReadFailure(isTooLarge ? 'knowledge.too_large_inside' : 'knowledge.damaged');
  }
}

function entriesOf(bytes: Buffer): Entry[] {
  const end = endOf(bytes);
  const count = bytes.readUInt16LE(end + 10);
  // 65535 says that the numbers stand elsewhere, for archives larger than any we take.
  if (count > ENTRIES_MAX) throw new ReadFailure('knowledge.too_large_inside');
  const entries: Entry[] = [];
  let at = bytes.readUInt32LE(end + 16);
  for (let n = 0; n < count; n += 1) {
    if (at + ENTRY_BYTES > bytes.length || bytes.readUInt32LE(at) !== ENTRY) throw new ReadFailure('knowledge.damaged');
    const [method, size] = [bytes.readUInt16LE(at + 10), bytes.readUInt32LE(at + 20)];
    const [nameBytes, extraBytes, commentBytes] = [28, 30, 32].map((offset) => bytes.readUInt16LE(at + offset)) as [
      number,
      number,
      number,
    ];
    const local = bytes.readUInt32LE(at + 42);
    if (local + 30 > bytes.length || (method !== 0 && method !== 8)) throw new ReadFailure('knowledge.damaged');
    const from = local + 30 + bytes.readUInt16LE(local + 26) + bytes.readUInt16LE(local + 28);
    entries.push({
      name: bytes.toString('utf8', at + ENTRY_BYTES, at + ENTRY_BYTES + nameBytes),
      isEncrypted: (bytes.readUInt16LE(at + 8) & 1) === 1,
      isStored: method === 0,
      compressed: bytes.subarray(from, from + size),
    });
    at += ENTRY_BYTES + nameBytes + extraBytes + commentBytes;
  }
  return entries;
}

function endOf(bytes: Buffer): number {
  const last = bytes.length - END_BYTES;
  for (let at = last; at >= Math.max(0, last - COMMENT_BYTES_MAX); at -= 1)
    if (bytes.readUInt32LE(at) === END) return at;
  throw new ReadFailure('knowledge.damaged');
}
