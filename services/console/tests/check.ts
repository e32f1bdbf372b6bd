/** The assertions of these tests. */

export function equal(actual: unknown, expected: unknown): void {
  const [left, right] = [actual, expected].map((value) => JSON.stringify(value, null, 1));
  if (left !== right) throw new Error(`got ${left}, expected ${right}`);
}

export async function rejects(action: () => Promise<unknown>, message: string): Promise<void> {
  const error = await action().then(() => undefined, (reason) => reason);
  if (!(error instanceof Error)) throw new Error('nothing was thrown');
  equal(error.message, message);
}
