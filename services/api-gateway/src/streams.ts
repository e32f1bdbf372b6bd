/** Bodies that pass chunk by chunk, at the pace of the reader: nothing is read ahead. */

export type End = 'complete' | 'broken' | 'cancelled' | 'late';

export interface Source {
  /** The next bytes; null at the end. */
  read(): Promise<Uint8Array | null>;
  /** Called once, with how the reading came to its end. */
  ended(end: End): void;
}
