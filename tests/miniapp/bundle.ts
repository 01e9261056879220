import { readFileSync } from 'node:fs';
import path from 'node:path';
import { gzipSync } from 'node:zlib';

interface Chunk {
  file: string;
  imports?: string[];
  dynamicImports?: string[];
  css?: string[];
}

/** What a page makes a browser fetch, in KiB of gzip −9. */
export interface Weight {
  /** Before the page answers to a press. */
  scripts: number;
  styles: number;
  /** Fetched when needed, by source file. */
  later: Record<string, number>;
}

const dist = path.join(import.meta.dirname, '..', '..', 'miniapp', 'dist');

/** `npm run build` must have run. */
const readManifest = () =>
  JSON.parse(readFileSync(path.join(dist, '.vite', 'manifest.json'), 'utf8')) as Record<string, Chunk>;

/** Every style a page may ever fetch. */
export function stylesOf(page: string): { file: string; text: string }[] {
  const manifest = readManifest();
  const first = [...reach(manifest, [page])];
  const all = reach(manifest, [page, ...fetchedLater(manifest, new Set(first)).keys()]);
  const files = new Set([...all].flatMap((name) => manifest[name]?.css ?? []));
  return [...files].map((file) => ({ file, text: readFileSync(path.join(dist, file), 'utf8') }));
}

export function weigh(page: string): Weight {
  const manifest = readManifest();
  const first = reach(manifest, [page]);
  const later = fetchedLater(manifest, first);
  const cssOf = (names: Iterable<string>) => [...new Set([...names].flatMap((name) => manifest[name]?.css ?? []))];
  return {
    scripts: sum([...first].map((name) => manifest[name]?.file).filter((file) => file !== undefined)),
    styles: sum(cssOf(first)),
    later: Object.fromEntries(
      [...later].map(([name, there]) => {
        const own = [...reach(manifest, [name])].filter((reached) => !there.has(reached));
        return [name, sum(own.map((reached) => manifest[reached]?.file).filter((file) => file !== undefined))];
      }),
    ),
  };
}

/** Parts fetched later, also by parts that are, each with what is there when it is asked for. */
function fetchedLater(manifest: Record<string, Chunk>, first: ReadonlySet<string>): Map<string, ReadonlySet<string>> {
  const later = new Map<string, ReadonlySet<string>>();
  const look = (there: ReadonlySet<string>) => {
    for (const next of [...there].flatMap((name) => manifest[name]?.dynamicImports ?? [])) {
      if (later.has(next)) continue;
      later.set(next, there);
      look(new Set([...there, ...reach(manifest, [next])]));
    }
  };
  look(first);
  return later;
}

function reach(manifest: Record<string, Chunk>, names: readonly string[]): Set<string> {
  const reached = new Set<string>();
  const waiting = [...names];
  for (let name = waiting.pop(); name !== undefined; name = waiting.pop()) {
    if (reached.has(name)) continue;
    const chunk = manifest[name];
    if (!chunk) throw new Error(`${name} is not in the manifest of the build.`);
    reached.add(name);
    waiting.push(...(chunk.imports ?? []));
  }
  return reached;
}

const sum = (files: readonly string[]): number =>
  Math.round(
    files.reduce((bytes, file) => bytes + gzipSync(readFileSync(path.join(dist, file)), { level: 9 }).length, 0) /
      102.4,
  ) / 10;
