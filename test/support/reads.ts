/** Which leaves of a value are read while a program uses it. */

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Paths of all leaves: values that are no mapping, and empty mappings. */
export function leavesOf(value: unknown, path = ''): readonly string[] {
  if (!isObject(value) || Object.keys(value).length === 0) return [path];
  return Object.entries(value).flatMap(([name, inner]) =>
    leavesOf(inner, path === '' ? name : `${path}.${name}`),
  );
}

/** The same value as a proxy that records each property read. */
export function recording<T extends object>(value: T, reads: Set<string>, path = ''): T {
  return new Proxy(value, {
    get(target, name, receiver) {
      const inner: unknown = Reflect.get(target, name, receiver);
      if (typeof name === 'symbol') return inner;
      const at = path === '' ? name : `${path}.${name}`;
      reads.add(at);
      return isObject(inner) ? recording(inner, reads, at) : inner;
    },
    has(target, name) {
      if (typeof name === 'string') reads.add(path === '' ? name : `${path}.${name}`);
      return Reflect.has(target, name);
    },
  });
}
