/** JSON with exact integers of any size: descriptions contain 64-bit limits, which `number` would round. */

declare global {
  /** The engine has these; TypeScript's library does not declare them yet. */
  interface JSON {
    parse(
      text: string,
      reviver: (key: string, value: unknown, context: { readonly source?: string }) => unknown,
    ): unknown;
    rawJSON(text: string): object;
    isRawJSON(value: unknown): boolean;
  }
}

/** Parses JSON; an integer beyond `number` becomes an opaque value that `JSON.stringify` writes unchanged. */
export function parseExactly(text: string): unknown {
  return JSON.parse(text, (_key, value, { source }) => {
    const isRounded = Number.isInteger(value) && !Number.isSafeInteger(value);
    return isRounded && source !== undefined ? JSON.rawJSON(source) : value;
  });
}

export const isExactNumber = (value: unknown): boolean => JSON.isRawJSON(value);
