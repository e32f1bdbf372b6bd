/** Streams passed through chunk by chunk, at the pace of the reader. */

export interface Watcher {
  /** Sees each chunk before it goes on; throwing ends the stream with that error. */
  readonly onChunk?: (chunk: Uint8Array) => void;
  /** Called once: at the end, when the source breaks or `onChunk` throws, or when the reader goes away. */
  readonly onEnd?: (end: 'complete' | 'broken' | 'cancelled') => void;
}

/** The same bytes, watched. Nothing is read ahead of the reader. */
export function watched(source: ReadableStream<Uint8Array>, watcher: Watcher): ReadableStream<Uint8Array> {
  const reader = source.getReader();
  return new ReadableStream<Uint8Array>({
    async pull(controller) {
      try {
        const { done, value } = await reader.read();
        if (done) {
          watcher.onEnd?.('complete');
          controller.close();
          return;
        }
        watcher.onChunk?.(value);
        controller.enqueue(value);
      } catch (error) {
        watcher.onEnd?.('broken');
        controller.error(error);
        await reader.cancel(error).catch(() => undefined); // a source that broke refuses with the error told above
      }
    },
    async cancel(reason) {
      watcher.onEnd?.('cancelled');
      await reader.cancel(reason);
    },
  }, { highWaterMark: 0 });
}
