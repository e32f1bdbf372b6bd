import { createHash } from 'node:crypto';

/** First 16 hex digits of the SHA-256 of mounted data: as a pod annotation, a change rolls the pods. */
export const checksum = (data: Readonly<Record<string, string>>): string =>
  createHash('sha256').update(JSON.stringify(data)).digest('hex').slice(0, 16);
