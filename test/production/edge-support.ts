/** Requests to the edge on a cluster of two workers, from outside and from pods. */

import { request as plainRequest } from 'node:http';
import { request as secureRequest } from 'node:https';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'vitest';
import { namespaceOf } from '../../charts/constructs/names.ts';
import { config, eventually, kubectl, newEmail, PASSWORD } from '../e2e/support.ts';
import { platform } from './support.ts';

/** A namespace for pods that do not belong to the platform. */
export const OUTSIDE = 'outside';

export interface Reply {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly text: string;
  /** Serial number and issuer of the certificate. */
  readonly serial?: string;
  readonly issuer?: string;
}

export interface Question {
  /** @default GET */
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: unknown;
  readonly token?: string;
  /** @default localhost */
  readonly host?: string;
  /** @default the edge's port for HTTPS */
  readonly port?: number;
  /** @default true */
  readonly secure?: boolean;
  /** Seconds to send the body in, one piece each second. @default at once */
  readonly over?: number;
}

/** One request on a connection of its own. */
export function ask(path: string, question: Question = {}): Promise<Reply> {
  const { method = 'GET', body, token, host = 'localhost', secure = true, over = 0 } = question;
  const port = question.port ?? (secure ? config.edge.httpsPort : config.edge.httpPort);
  const payload =
    body === undefined ? undefined : Buffer.from(typeof body === 'string' ? body : JSON.stringify(body));
  const headers = {
    host,
    ...(payload ? { 'content-type': 'application/json', 'content-length': payload.length } : {}),
    ...(token ? { authorization: `Bearer ${token}` } : {}),
    ...question.headers,
  };
  const options = { host: '127.0.0.1', port, path, method, headers, agent: false, timeout: 200_000 };
  return new Promise((resolve, reject) => {
    const outgoing = secure
      ? secureRequest({ ...options, servername: host, rejectUnauthorized: false })
      : plainRequest(options);
    outgoing.on('response', (answer) => {
      const parts: Buffer[] = [];
      const socket = answer.socket as import('node:tls').TLSSocket;
      const certificate = secure ? socket.getPeerCertificate() : undefined;
      answer.on('data', (part: Buffer) => parts.push(part));
      answer.on('error', reject);
      answer.on('end', () =>
        resolve({
          status: answer.statusCode ?? 0,
          headers: answer.headers,
          text: Buffer.concat(parts).toString(),
          ...(certificate
            ? { serial: certificate.serialNumber, issuer: String(certificate.issuer?.CN ?? '') }
            : {}),
        }),
      );
    });
    outgoing.on('timeout', () => outgoing.destroy(new Error(`${method} ${path}: silence for 200 s`)));
    outgoing.on('error', reject);
    void send(outgoing, payload, over).catch(reject);
  });
}

async function send(
  outgoing: import('node:http').ClientRequest,
  payload: Buffer | undefined,
  seconds: number,
): Promise<void> {
  if (!payload || seconds === 0) return void outgoing.end(payload);
  const piece = Math.ceil(payload.length / seconds);
  for (let from = 0; from < payload.length; from += piece) {
    outgoing.write(payload.subarray(from, from + piece));
    await sleep(1000);
  }
  outgoing.end();
}

export const inPod = (namespace: string, pod: string, ...command: readonly string[]): string =>
  kubectl('exec', '-n', namespace, pod, '--', ...command);

/** Lines of the edge's access log with a status of 500 or above, in the last `minutes`. They name pod and duration. */
export const failuresOfEdge = (minutes: number): readonly string[] =>
  kubectl(
    'logs',
    '-n',
    namespaceOf(config, 'edge'),
    '-l',
    'app.kubernetes.io/name=traefik',
    '--prefix',
    '--tail=-1',
    `--since=${minutes}m`,
  )
    .split('\n')
    .filter((line) => /"DownstreamStatus":5\d\d/.test(line));

export const namespace = (name: string): object => ({
  apiVersion: 'v1',
  kind: 'Namespace',
  metadata: { name },
});

/** Runs `./platform deploy` with settings besides those of the values file. */
export async function redeploy(...settings: readonly string[]): Promise<void> {
  const more = settings.flatMap((setting) => ['--set', setting]);
  const { exitCode, stderr, stdout, seconds } = await platform(['deploy'], ...more, '--yes');
  expect(exitCode, `${stderr}\n${stdout}`).toBe(0);
  console.info(`deploy with ${settings[0]}: ${seconds} s`);
}

/** Repeats the request until the login limit for this address lets it through. */
const patiently = (path: string, question: Question): Promise<Reply> =>
  eventually(150, async () => {
    const reply = await ask(path, question);
    if (reply.status === 429) throw new Error(`${path}: still limited`);
    return reply;
  });

const parsed = ({ text }: Reply): { readonly [key: string]: unknown } => JSON.parse(text);

/** A user's requests on every route; every URL in a response must be valid for the client. */
export async function journey(where: Question): Promise<void> {
  const email = newEmail();
  const login = { ...where, method: 'POST', body: { email, password: PASSWORD } };
  const registered = await patiently('/auth/register', login);
  expect([registered.status, registered.text]).toEqual([201, expect.any(String)]);
  const { access_token: token } = parsed(await patiently('/auth/login', login));
  expect(token).toEqual(expect.any(String));
  const user = { ...where, token: String(token) };

  for (const path of ['/ai/models', '/1c/sync', '/api/ai/models', '/api/1c/sync'])
    expect([path, (await ask(path, user)).status]).toEqual([path, 200]);
  const chat = await ask('/ai/chat', { ...user, method: 'POST', body: { message: 'Hello' } });
  expect([chat.status, chat.text.slice(0, 200)]).toEqual([200, expect.any(String)]);
  for (const path of [
    '/ai/openapi.json',
    '/1c/openapi.json',
    '/analytics/openapi.json',
    '/security/openapi.json',
  ])
    expect([path, parsed(await ask(path, where)).servers]).toEqual([path, [{ url: '.' }]]);
  const refused = await ask('/analytics/reports/generate', { ...user, method: 'POST', body: {} });
  expect([refused.status, parsed(refused).type]).toEqual([422, expect.any(String)]);
  const forbidden = await ask('/security/alerts', user);
  expect(forbidden.status).toBe(403);
  for (const path of ['/ai/none', '/api/none', '/auth/none', '/elsewhere'])
    expect([path, (await ask(path, user)).status]).toEqual([path, 404]);
}
