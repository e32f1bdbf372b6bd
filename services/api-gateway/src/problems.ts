/** Errors as application/problem+json (RFC 9457), without internals. */
import type { Exchange, Header, Reply } from './exchange.ts';
import { STATUS_TEXT } from './status.ts';

/** Throw it anywhere in a request to answer with a problem document. */
export class Problem extends Error {
  override readonly name = 'Problem';

  constructor(
    readonly status: keyof typeof STATUS_TEXT,
    readonly detail: string,
    readonly headers: Readonly<Record<string, string>> = {},
    cause?: unknown,
  ) {
    super(detail, { cause });
  }
}

export function problemReply(exchange: Exchange, problem: Problem): Reply {
  const document = {
    type: 'about:blank',
    title: STATUS_TEXT[problem.status],
    status: problem.status,
    detail: problem.detail,
    instance: exchange.shownPath,
    request_id: exchange.requestId,
  };
  const headers: Header[] = [
    ...exchange.answerHeaders,
    ['Content-Type', 'application/problem+json'],
    ...Object.entries(problem.headers),
  ];
  return { status: problem.status, headers, body: new TextEncoder().encode(JSON.stringify(document)) };
}
