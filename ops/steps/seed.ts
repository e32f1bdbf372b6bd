/** Adds test data through the edge, as a client does; existing data stays. */
import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { urlToHttpOptions } from 'node:url';
import { z } from 'zod';
import type { Config } from '../../charts/config/schema.ts';
import { namespaceOf } from '../../charts/constructs/names.ts';
import { publicUrl } from '../../charts/edge/names.ts';
import { componentOf } from '../../charts/graph/build.ts';
import { USER_MANAGEMENT } from '../../charts/graph/model.ts';
import { execArguments } from '../core/consoles.ts';
import { Failure, messageOf } from '../core/failure.ts';
import {
  retryAfter,
  SEED_ENTITY_SETS,
  SEED_QUESTION,
  SEED_SECRET,
  SEED_USERS,
  type Seeded,
  type SeedUser,
} from '../core/seed.ts';
import { ask } from '../tools/https.ts';
import { checkInterrupted, interrupted } from '../tools/interrupt.ts';
import { until } from '../tools/wait.ts';
import { runningPodOf } from './pods.ts';
import type { ComponentsInCluster } from './target.ts';

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
/** Milliseconds that rate limits may delay a request in total. */
const LIMITED_MS = 120_000;

/** Sends one request; waits while a limit refuses this address. @throws Failure without an answer. */
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

type Say = (text: string) => void;

const secret = z.looseObject({ data: z.looseObject({ password: z.string() }) });
const login = z.looseObject({ access_token: z.string(), user_id: z.string() });
const page = <T extends z.ZodType>(item: T) => z.looseObject({ items: z.array(item) });
const account = z.looseObject({ id: z.string(), email: z.string(), role: z.string() });
const job = z.looseObject({ status: z.string() });

const SYNC_SECONDS = 120;

export async function seed(cluster: ComponentsInCluster, say: Say): Promise<Seeded> {
  const password = await passwordOf(cluster);
  say('users');
  const created = await Promise.all(SEED_USERS.map((user) => register(cluster, user, password)));
  const [admin] = SEED_USERS;
  if (!admin) throw new Failure('seed: no administrator is listed');
  await promote(cluster, admin);
  const token = await logIn(cluster, admin, password);
  for (const user of SEED_USERS.slice(1)) await giveRole(cluster, user, token);
  say('companies');
  const companies = await synchronize(cluster, token);
  say('chat');
  const usersCreated = created.filter((one) => one).length;
  return {
    usersCreated,
    usersKept: SEED_USERS.length - usersCreated,
    companies,
    chat: await chat(cluster, token),
  };
}

/** The accounts' password from the cluster; creates it when there is none. */
async function passwordOf({ kubectl, config }: ComponentsInCluster): Promise<string> {
  const namespace = namespaceOf(config, 'app');
  const args = ['get', 'secret', SEED_SECRET, `--namespace=${namespace}`, '--ignore-not-found'];
  const [found] = await kubectl.objects(secret, args);
  if (found) return Buffer.from(found.data.password, 'base64').toString();
  const password = randomBytes(18).toString('base64url');
  const metadata = { name: SEED_SECRET, namespace };
  await kubectl.create([{ apiVersion: 'v1', kind: 'Secret', metadata, stringData: { password } }]);
  return password;
}

async function expecting(
  { config }: ComponentsInCluster,
  statuses: readonly number[],
  path: string,
  call: EdgeCall = {},
): Promise<EdgeAnswer> {
  const answer = await callEdge(config, path, call);
  if (!statuses.includes(answer.status))
    throw new Failure(
      `seed: ${path} answered ${answer.status} ${answer.text.slice(0, 200)}`,
      'see ./platform logs',
    );
  return answer;
}

const read = <T>(schema: z.ZodType<T>, { text }: EdgeAnswer): T => schema.parse(JSON.parse(text));

/** Whether this call created the account. */
async function register(
  cluster: ComponentsInCluster,
  { email }: SeedUser,
  password: string,
): Promise<boolean> {
  const call = { method: 'POST', body: { email, password } } as const;
  return (await expecting(cluster, [201, 409], '/api/users/auth/register', call)).status === 201;
}

/** Only a person who may run commands in the pods can create the first administrator. */
async function promote(
  { kubectl, config, topology }: ComponentsInCluster,
  { email }: SeedUser,
): Promise<void> {
  const component = componentOf(topology, USER_MANAGEMENT);
  const pod = await runningPodOf({ kubectl, config }, component);
  await kubectl.output(execArguments(pod, [], ['python', '-m', 'user_management', 'promote', email]));
}

async function logIn(cluster: ComponentsInCluster, { email }: SeedUser, password: string): Promise<string> {
  const call = { method: 'POST', body: { email, password } } as const;
  return read(login, await expecting(cluster, [200], '/api/users/auth/login', call)).access_token;
}

async function giveRole(
  cluster: ComponentsInCluster,
  { email, role }: SeedUser,
  token: string,
): Promise<void> {
  const listed = await expecting(cluster, [200], `/api/users?email=${encodeURIComponent(email)}`, { token });
  const found = read(page(account), listed).items.find((one) => one.email === email);
  if (!found) throw new Failure(`seed: ${email} is not among the accounts`);
  if (found.role === role) return;
  await expecting(cluster, [200], `/api/users/${found.id}/role`, { method: 'PUT', body: { role }, token });
}

/** Returns the number of companies after the synchronization. */
async function synchronize(cluster: ComponentsInCluster, token: string): Promise<number> {
  const body = { entity_sets: SEED_ENTITY_SETS };
  const started = await expecting(cluster, [202], '/api/1c/sync/data', { method: 'POST', body, token });
  const { job_id: id } = read(z.looseObject({ job_id: z.string() }), started);
  await until({ seconds: SYNC_SECONDS, pauseMs: 1000 }, async (late) => {
    const { status } = read(job, await expecting(cluster, [200], `/api/1c/sync/${id}`, { token }));
    if (status === 'completed') return true;
    if (status === 'failed' || late())
      throw new Failure(
        `seed: synchronization ${id} is ${status}, expected completed within ${SYNC_SECONDS} s`,
        'see ./platform logs onec-integration',
      );
    return undefined;
  });
  const companies = await expecting(cluster, [200], '/api/1c/companies', { token });
  return read(page(z.unknown()), companies).items.length;
}

async function chat(cluster: ComponentsInCluster, token: string): Promise<Seeded['chat']> {
  const conversations = await expecting(cluster, [200], '/api/ai/conversations', { token });
  if (read(page(z.unknown()), conversations).items.length > 0) return 'kept';
  const call = { method: 'POST', body: { message: SEED_QUESTION }, token } as const;
  const { status } = await expecting(cluster, [200, 503], '/api/ai/chat', call);
  return status === 200 ? 'created' : 'skipped: no model provider is set';
}
