/** Requests through the edge, as clients send them. */
import { setTimeout as sleep } from 'node:timers/promises';
import { urlToHttpOptions } from 'node:url';
import type { Config } from '../../charts/config/schema.ts';
import { publicUrl } from '../../charts/edge/names.ts';
import { Failure, messageOf } from '../core/failure.ts';
import { retryAfter } from '../core/seed.ts';
import { ask } from './https.ts';
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

/** One request; waits where the edge or the gateway limits this address. @throws Failure without an answer. */
export async function callEdge(config: Config, path: string, call: EdgeCall = {}): Promise<EdgeAnswer> {
  for (const deadline = Date.now() + LIMITED_MS; ; ) {
    const { retry, ...answer } = await once(config, path, call);
    if (answer.status !== 429 || Date.now() > deadline) return answer;
    await sleep(retryAfter(retry) * 1000, undefined, { signal: interrupted }).catch(checkInterrupted);
  }
}

async function once(
  config: Config,
  path: string,
  { method = 'GET', body, token }: EdgeCall,
): Promise<EdgeAnswer & { readonly retry: string | undefined }> {
  const url = new URL(publicUrl(config) + path);
  const call = {
    ...urlToHttpOptions(url),
    method,
    signal: interrupted,
    timeout: PATIENCE_MS,
    rejectUnauthorized: config.edge.tls !== 'self-signed',
    headers: token === undefined ? {} : { authorization: `Bearer ${token}` },
  };
  const { status, text, headers } = await ask(call, body).catch((error: unknown) => {
    throw new Failure(`${url.origin}: does not answer (${messageOf(error)})`, 'see ./platform health');
  });
  return { status, text, retry: headers['retry-after'] };
}
