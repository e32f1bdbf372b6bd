/** Kubernetes quantities as numbers, and back. */

const CPU = /^(\d+)m$|^(\d+(?:\.\d+)?)$/;
const MEMORY = /^(\d+(?:\.\d+)?)(Ki|Mi|Gi|Ti|k|M|G|T)?$/;
const MI = 2 ** 20;
const UNITS: Readonly<Record<string, number>> = {
  '': 1,
  k: 1e3,
  M: 1e6,
  G: 1e9,
  T: 1e12,
  Ki: 2 ** 10,
  Mi: MI,
  Gi: 2 ** 30,
  Ti: 2 ** 40,
};

/** Millicores of a CPU quantity, or undefined when it does not parse. */
export function parseCpu(quantity: string): number | undefined {
  const match = CPU.exec(quantity);
  if (!match) return undefined;
  return match[1] === undefined ? Math.round(Number(match[2]) * 1000) : Number(match[1]);
}

/** Bytes of a memory or storage quantity, or undefined when it does not parse. */
export function parseMemory(quantity: string): number | undefined {
  const match = MEMORY.exec(quantity);
  if (!match) return undefined;
  return Math.round(Number(match[1]) * (UNITS[match[2] ?? ''] ?? Number.NaN));
}

/** Millicores of a CPU quantity. @throws RangeError when it does not parse. */
export function millicores(quantity: string): number {
  const parsed = parseCpu(quantity);
  if (parsed === undefined)
    throw new RangeError(`${JSON.stringify(quantity)} is not a CPU quantity such as 250m`);
  return parsed;
}

/** Bytes of a memory quantity. @throws RangeError when it does not parse. */
export function bytesOf(quantity: string): number {
  const parsed = parseMemory(quantity);
  if (parsed === undefined)
    throw new RangeError(`${JSON.stringify(quantity)} is not a memory quantity such as 256Mi`);
  return parsed;
}

/** `1`, `250m`. */
export const formatCpu = (value: number): string => (value % 1000 === 0 ? String(value / 1000) : `${value}m`);

/** `256Mi`: whole mebibytes, rounded up. */
export const formatMemory = (value: number): string => `${Math.ceil(value / MI)}Mi`;
