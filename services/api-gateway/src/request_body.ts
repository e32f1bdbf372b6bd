/** The body of a request on its way to a service, counted while it streams. */
import { Problem } from './problems.ts';
import { watched } from './streams.ts';

export class RequestBody {
  /** What is sent on; null for a request without body. */
  readonly stream: ReadableStream<Uint8Array> | null;
  #state: 'intact' | 'too-large' | 'broken' = 'intact';

  constructor(request: Request, private readonly limit: number) {
    if (Number(request.headers.get('content-length') ?? 0) > limit) throw this.tooLarge();
    this.stream = request.body && mayHaveContent(request) ? this.#counted(request.body) : null;
  }

  get isTooLarge(): boolean {
    return this.#state === 'too-large';
  }

  /** The client stopped sending in the middle. */
  get isBroken(): boolean {
    return this.#state === 'broken';
  }

  tooLarge(): Problem {
    return new Problem(413, `The request body is larger than ${this.limit} bytes.`, { Connection: 'close' });
  }

  #counted(source: ReadableStream<Uint8Array>): ReadableStream<Uint8Array> {
    let received = 0;
    return watched(source, {
      onChunk: (chunk) => {
        received += chunk.byteLength;
        if (received <= this.limit) return;
        this.#state = 'too-large';
        throw this.tooLarge();
      },
      onEnd: (end) => {
        if (end === 'broken' && this.#state === 'intact') this.#state = 'broken';
      },
    });
  }
}

/** The server offers a stream for every request that could have a body; an empty one would forbid a second try. */
function mayHaveContent({ method, headers }: Request): boolean {
  const length = headers.get('content-length');
  if (length !== null) return Number(length) > 0;
  return headers.has('transfer-encoding') || !['DELETE', 'OPTIONS'].includes(method);
}
