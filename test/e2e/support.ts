/** The cluster `./platform up` made, seen from outside: kubectl for its state, HTTPS for its edge. */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { request } from 'node:https';
import { execa } from 'execa';
import { topologyOf } from '../../charts/app.ts';
import { LOCAL } from '../../charts/config/environments.ts';
import { resolveConfig } from '../../charts/config/resolve.ts';
import { namespaceOf } from '../../charts/constructs/names.ts';

import { environmentFrom } from '../../ops/commands/options.ts';
import { parseValues } from '../../ops/core/overrides.ts';
import { ROOT } from '../../ops/core/paths.ts';

export { ROOT };

/** The values file of `up`: PLATFORM_VALUES names another file, on a laptop an empty one. */
export const VALUES = process.env.PLATFORM_VALUES ?? `${ROOT}/test/e2e/lab.yaml`;
/** The environment: PLATFORM_ENVIRONMENT names another, or a file with one. */
export const ENVIRONMENT = process.env.PLATFORM_ENVIRONMENT ?? LOCAL;
export const config = resolveConfig(await environmentFrom(ENVIRONMENT), [
  parseValues(readFileSync(VALUES, 'utf8'), VALUES),
]);
export const topology = topologyOf(config);
export const NAMESPACE = namespaceOf(config, 'app');
/** The cluster's context: PLATFORM_CONTEXT names another, as in test/release/two-workers.yaml. */
export const CONTEXT = process.env.PLATFORM_CONTEXT ?? 'kind-ai-assistants';

/** The command as a person types it, without a terminal; whatever its exit status. */
export const platform = (...args: readonly string[]) =>
  execa(`${ROOT}/platform`, args, { reject: false, stdin: 'ignore' });

export interface Run {
  readonly stdout: string;
  readonly stderr: string;
  readonly exitCode: number | undefined;
  readonly seconds: number;
}

/** Like `platform`, with the duration. */
export async function timed(...args: readonly string[]): Promise<Run> {
  const began = performance.now();
  const { stdout, stderr, exitCode } = await platform(...args);
  return { stdout, stderr, exitCode, seconds: Math.round((performance.now() - began) / 100) / 10 };
}

/** Standard output of kubectl. Throws with its error output when it fails. */
export const kubectl = (...args: readonly string[]): string => kubectlInput('', ...args);

/** Like `kubectl`, with standard input. */
export function kubectlInput(input: string, ...args: readonly string[]): string {
  return execFileSync('kubectl', ['--context', CONTEXT, ...args], {
    encoding: 'utf8',
    maxBuffer: 2 ** 26,
    stdio: 'pipe',
    input,
  });
}

/** Applies objects in one call. */
export function apply(...items: readonly object[]): void {
  kubectlInput(JSON.stringify({ apiVersion: 'v1', kind: 'List', items }), 'apply', '-f', '-');
}

/** The address of a Service inside the cluster. */
export const addressOf = (namespace: string, name: string): string =>
  kubectl('get', 'service', name, '-n', namespace, '-o', 'jsonpath={.spec.clusterIP}');

export const kubectlJson = (...args: readonly string[]): unknown =>
  JSON.parse(kubectl(...args, '-o', 'json'));

/** The image of a service's Deployment. */
export const imageNow = (name: string): string =>
  kubectl(
    'get',
    '-n',
    NAMESPACE,
    `deploy/${name}`,
    '-o',
    'jsonpath={.spec.template.spec.containers[0].image}',
  );

export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly text: string;
}

export interface Call {
  readonly method?: string;
  readonly body?: unknown;
  readonly token?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** One request through the Ingress over TLS, to 127.0.0.1 only. The certificate is the controller's own. */
export function call(
  path: string,
  { method = 'GET', body, token, headers = {} }: Call = {},
): Promise<Answer> {
  const payload = body === undefined ? undefined : JSON.stringify(body);
  return new Promise((resolve, reject) => {
    const outgoing = request(
      {
        host: '127.0.0.1',
        port: config.edge.httpsPort,
        path,
        method,
        servername: 'localhost',
        rejectUnauthorized: false,
        timeout: 30_000,
        headers: {
          host: 'localhost',
          ...(payload === undefined
            ? {}
            : { 'content-type': 'application/json', 'content-length': Buffer.byteLength(payload) }),
          ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
          ...headers,
        },
      },
      (answer) => {
        const parts: Buffer[] = [];
        answer.on('data', (part: Buffer) => parts.push(part));
        answer.on('end', () =>
          resolve({
            status: answer.statusCode ?? 0,
            headers: answer.headers,
            text: Buffer.concat(parts).toString(),
          }),
        );
        answer.on('error', reject);
      },
    );
    outgoing.on('timeout', () => outgoing.destroy(new Error(`${method} ${path}: no answer in 30 s`)));
    outgoing.on('error', reject);
    outgoing.end(payload);
  });
}

export const pause = (milliseconds: number): Promise<void> =>
  new Promise((resolve) => setTimeout(resolve, milliseconds));

/** Runs `attempt` every second until it returns a value; throws its last failure after `seconds`. */
export async function eventually<T>(seconds: number, attempt: () => Promise<T> | T): Promise<T> {
  const end = Date.now() + seconds * 1000;
  for (;;) {
    try {
      return await attempt();
    } catch (error) {
      if (Date.now() > end) throw error;
      await pause(1000);
    }
  }
}

export interface Session {
  readonly id: string;
  readonly email: string;
  readonly token: string;
}

export const PASSWORD = 'correct horse battery staple';
export const newEmail = (): string => `user-${Date.now()}-${Math.floor(Math.random() * 1e6)}@example.com`;

/** Calls a login route until its limit for this address lets one through: other tests use the same address. */
export const patiently = (path: string, body: unknown): Promise<Answer> =>
  eventually(70, async () => {
    const answer = await call(path, { method: 'POST', body });
    if (answer.status === 429) throw new Error(`${path}: still limited`);
    return answer;
  });

/** A new account, logged in. */
export async function signIn(): Promise<Session> {
  const email = newEmail();
  const registered = await patiently('/auth/register', { email, password: PASSWORD });
  if (registered.status !== 201) throw new Error(`register: ${registered.status} ${registered.text}`);
  return logIn(email);
}

export async function logIn(email: string): Promise<Session> {
  const login = await patiently('/auth/login', { email, password: PASSWORD });
  if (login.status !== 200) throw new Error(`login: ${login.status} ${login.text}`);
  const { access_token: token, user_id: id } = JSON.parse(login.text);
  return { id, email, token };
}

/** A new account made an administrator, the way an operator does it. */
export async function signInAsAdmin(): Promise<Session> {
  const { email } = await signIn();
  const command = ['python', '-m', 'user_management', 'promote', email];
  kubectl('exec', '-n', NAMESPACE, 'deploy/user-management', '-c', 'user-management', '--', ...command);
  return logIn(email);
}

/** A new account made an analyst by an administrator. The new role needs a new login. */
export async function signInAsAnalyst(admin: Session): Promise<Session> {
  const { id, email } = await signIn();
  const body = { role: 'analyst' };
  const promoted = await call(`/api/users/${id}/role`, { method: 'PUT', body, token: admin.token });
  if (promoted.status !== 200) throw new Error(`role: ${promoted.status} ${promoted.text}`);
  return logIn(email);
}
