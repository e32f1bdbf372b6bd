/** Streams passed through chunk by chunk, at the pace of the reader. */

export type End = 'complete' | 'broken' | 'cancelled' | 'late';

export interface Source {
  /** The next bytes; null at the end. */
  read(): Promise<Uint8Array | null>;
  /** Called once, with how the stream came to its end. */
  ended(end: End): void;
}

/** Nothing is read ahead of the reader. */
export function streamOf(source: Source): ReadableStream<Uint8Array> {
  return new ReadableStream<Uint8Array>({
    async pull(controller) {
      try {
        const chunk = await source.read();
        if (chunk) return controller.enqueue(chunk);
        source.ended('complete');
        controller.close();
      } catch (error) {
        source.ended('broken');
        controller.error(error);
      }
    },
    cancel() {
      source.ended('cancelled');
    },
  }, { highWaterMark: 0 });
}
