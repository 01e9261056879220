/** What the oldest supported kernels (Chrome 69, Safari 13) lack and this app or its libraries use. First import of every page. */
type Loose = Record<string, unknown>;

const root = (typeof globalThis === 'object' ? globalThis : self) as unknown as Loose;

function give(holder: object, name: string, value: unknown): void {
  if (name in holder) return;
  Object.defineProperty(holder, name, { value, writable: true, configurable: true });
}

give(root, 'globalThis', root);
give(root, 'queueMicrotask', (work: () => void) => void Promise.resolve().then(work));
give(Object, 'hasOwn', (holder: object, key: PropertyKey) => Object.prototype.hasOwnProperty.call(holder, key));
give(Object, 'fromEntries', (entries: Iterable<[string, unknown]>) => {
  const object: Loose = {};
  for (const [key, value] of entries) object[key] = value;
  return object;
});
give(Array.prototype, 'at', function at(this: unknown[], index: number) {
  return this[index < 0 ? this.length + index : index];
});
give(Array.prototype, 'flat', function flat(this: unknown[]) {
  return ([] as unknown[]).concat(...this);
});
give(Array.prototype, 'flatMap', function flatMap(this: unknown[], of: (item: unknown, index: number) => unknown) {
  return ([] as unknown[]).concat(...this.map(of));
});
give(String.prototype, 'replaceAll', function replaceAll(this: string, from: string, to: string) {
  return this.split(from).join(to);
});
give(Promise, 'allSettled', (promises: Promise<unknown>[]) =>
  Promise.all(
    promises.map((promise) =>
      Promise.resolve(promise).then(
        (value) => ({ status: 'fulfilled', value }),
        (reason: unknown) => ({ status: 'rejected', reason }),
      ),
    ),
  ),
);
