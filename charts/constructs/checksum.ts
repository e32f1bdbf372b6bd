import { createHash } from 'node:crypto';

/** First 16 hexadecimal digits of the SHA-256 of what a pod mounts: as a pod annotation it rolls the pods on a change. */
export const checksum = (data: Readonly<Record<string, string>>): string =>
  createHash('sha256').update(JSON.stringify(data)).digest('hex').slice(0, 16);
