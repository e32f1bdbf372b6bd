/** Bodies that pass chunk by chunk at the reader's pace, without reading ahead. */

export type End = 'complete' | 'broken' | 'cancelled' | 'late';

export interface Source {
  /** The next bytes; null at the end. */
  read(): Promise<Uint8Array | null>;
  /** The reader calls this once, with the way its reading ended. */
  ended(end: End): void;
}
