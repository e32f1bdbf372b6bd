/** Requests through the edge, as clients send them. */
import { request } from 'node:https';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Config } from '../../charts/config/schema.ts';
import { publicUrl } from '../../charts/edge/names.ts';
import { Failure, messageOf } from '../core/failure.ts';
import { retryAfter } from '../core/seed.ts';
import { checkInterrupted, interrupted } from './interrupt.ts';

export interface EdgeCall {
  /** @default GET */
  readonly method?: 'GET' | 'POST' | 'PUT';
  /** Sent as JSON. @default none */
  readonly body?: unknown;
  readonly token?: string;
}

export interface EdgeAnswer {
  readonly status: number;
  readonly text: string;
}

const PATIENCE_MS = 60_000;
/** How long limits may keep a request waiting, all in all. */
const LIMITED_MS = 120_000;

/** One request; waits where the edge or the gateway limits this address. @throws Failure when nobody answers. */
export async function callEdge(config: Config, path: string, call: EdgeCall = {}): Promise<EdgeAnswer> {
  for (const deadline = Date.now() + LIMITED_MS; ; ) {
    const { retry, ...answer } = await once(config, path, call);
    if (answer.status !== 429 || Date.now() > deadline) return answer;
    await sleep(retryAfter(retry) * 1000, undefined, { signal: interrupted }).catch(checkInterrupted);
  }
}

function once(
  config: Config,
  path: string,
  { method = 'GET', body, token }: EdgeCall,
): Promise<EdgeAnswer & { readonly retry: string | undefined }> {
  const url = new URL(publicUrl(config) + path);
  const payload = body === undefined ? undefined : JSON.stringify(body);
  return new Promise((resolve, reject) => {
    const fail = (error: unknown): void =>
      reject(new Failure(`${url.origin}: does not answer (${messageOf(error)})`, 'see ./platform health'));
    const outgoing = request(
      url,
      {
        method,
        signal: interrupted,
        timeout: PATIENCE_MS,
        rejectUnauthorized: config.edge.tls !== 'self-signed',
        headers: {
          ...(payload === undefined
            ? {}
            : { 'content-type': 'application/json', 'content-length': Buffer.byteLength(payload) }),
          ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
        },
      },
      (answer) => {
        const parts: Buffer[] = [];
        answer.on('data', (part: Buffer) => parts.push(part));
        answer.on('error', fail);
        answer.on('end', () =>
          resolve({
            status: answer.statusCode ?? 0,
            text: Buffer.concat(parts).toString(),
            retry: answer.headers['retry-after'],
          }),
        );
      },
    );
    outgoing.on('timeout', () => outgoing.destroy(new Error(`no answer in ${PATIENCE_MS / 1000} s`)));
    outgoing.on('error', fail);
    outgoing.end(payload);
  });
}
