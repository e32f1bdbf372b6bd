/** Errors as application/problem+json (RFC 9457), without internals. */
import { STATUS_TEXT } from './status.ts';
import type { GatewayContext } from './context.ts';
import { rawTarget } from './routing.ts';

/** Throw it anywhere in a request to answer with a problem document. */
export class Problem extends Error {
  override readonly name = 'Problem';

  constructor(
    readonly status: keyof typeof STATUS_TEXT,
    readonly detail: string,
    readonly headers: Readonly<Record<string, string>> = {},
  ) {
    super(detail);
  }
}

export function problemResponse(context: GatewayContext, problem: Problem): Response {
  const document = {
    type: 'about:blank',
    title: STATUS_TEXT[problem.status],
    status: problem.status,
    detail: problem.detail,
    instance: rawTarget(context.req.raw.url).path,
    request_id: context.get('requestId'),
  };
  return context.body(JSON.stringify(document), problem.status, {
    'Content-Type': 'application/problem+json',
    ...problem.headers,
  });
}
