/** One request over TLS, with a certificate, name or pod that the caller chooses. */
import type { IncomingHttpHeaders } from 'node:http';
import { type RequestOptions, request } from 'node:https';

export interface HttpsAnswer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
}

export interface HttpsCall extends RequestOptions {
  /** Milliseconds without data after which the request fails. */
  readonly timeout: number;
  readonly headers?: Readonly<Record<string, string>>;
}

/** @param body sent as JSON. @default none @throws Error without an answer. */
export function ask({ headers, ...call }: HttpsCall, body?: unknown): Promise<HttpsAnswer> {
  const payload = body === undefined ? undefined : JSON.stringify(body);
  const described =
    payload === undefined
      ? {}
      : { 'content-type': 'application/json', 'content-length': Buffer.byteLength(payload) };
  return new Promise((resolve, reject) => {
    const outgoing = request({ ...call, headers: { ...described, ...headers } }, (answer) => {
      const parts: Buffer[] = [];
      answer.on('data', (part: Buffer) => parts.push(part));
      answer.on('error', reject);
      answer.on('end', () =>
        resolve({
          status: answer.statusCode ?? 0,
          headers: answer.headers,
          text: Buffer.concat(parts).toString(),
        }),
      );
    });
    outgoing.on('timeout', () => outgoing.destroy(new Error(`no answer in ${call.timeout / 1000} s`)));
    outgoing.on('error', reject);
    outgoing.end(payload);
  });
}
