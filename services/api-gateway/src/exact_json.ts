/** JSON with integers of any size: limits of 64 bits stand in descriptions, and must not be rounded on the way. */

declare global {
  /** In the engine, not yet in TypeScript's library. */
  interface JSON {
    parse(
      text: string,
      reviver: (key: string, value: unknown, context: { readonly source?: string }) => unknown,
    ): unknown;
    rawJSON(text: string): object;
    isRawJSON(value: unknown): boolean;
  }
}

/** Integers that a number cannot hold become opaque values, which `JSON.stringify` writes as they were read. */
export function parseExactly(text: string): unknown {
  return JSON.parse(text, (_key, value, { source }) => {
    const isRounded = Number.isInteger(value) && !Number.isSafeInteger(value);
    return isRounded && source !== undefined ? JSON.rawJSON(source) : value;
  });
}

export const isExactNumber = (value: unknown): boolean => JSON.isRawJSON(value);
