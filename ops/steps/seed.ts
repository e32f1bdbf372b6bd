/** Brings test data in, through the edge as clients do; what is there already is kept. */
import { randomBytes } from 'node:crypto';
import { z } from 'zod';
import { namespaceOf } from '../../charts/constructs/names.ts';
import { componentOf } from '../../charts/graph/build.ts';
import { USER_MANAGEMENT } from '../../charts/graph/model.ts';
import { execArguments } from '../core/consoles.ts';
import { Failure } from '../core/failure.ts';
import {
  SEED_ENTITY_SETS,
  SEED_QUESTION,
  SEED_SECRET,
  SEED_USERS,
  type Seeded,
  type SeedUser,
} from '../core/seed.ts';
import { callEdge, type EdgeAnswer, type EdgeCall } from '../tools/edge.ts';
import { pause } from '../tools/interrupt.ts';
import { runningPodOf } from './pods.ts';
import type { Target } from './target.ts';

type Place = Pick<Target, 'kubectl' | 'config' | 'topology'>;
type Say = (text: string) => void;

const secret = z.looseObject({ data: z.looseObject({ password: z.string() }) });
const login = z.looseObject({ access_token: z.string(), user_id: z.string() });
const page = <T extends z.ZodType>(item: T) => z.looseObject({ items: z.array(item) });
const account = z.looseObject({ id: z.string(), email: z.string(), role: z.string() });
const job = z.looseObject({ status: z.string() });

const SYNC_SECONDS = 120;

export async function seed(place: Place, say: Say): Promise<Seeded> {
  const password = await passwordOf(place);
  say('users');
  const created = await Promise.all(SEED_USERS.map((user) => register(place, user, password)));
  const [admin] = SEED_USERS;
  if (!admin) throw new Failure('seed: no administrator is listed');
  await promote(place, admin);
  const token = await logIn(place, admin, password);
  for (const user of SEED_USERS.slice(1)) await giveRole(place, user, token);
  say('companies');
  const companies = await synchronize(place, token);
  say('chat');
  const usersCreated = created.filter((one) => one).length;
  return {
    usersCreated,
    usersKept: SEED_USERS.length - usersCreated,
    companies,
    chat: await chat(place, token),
  };
}

/** The password of the accounts, from the cluster; made when there is none. */
async function passwordOf({ kubectl, config }: Place): Promise<string> {
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
  { config }: Place,
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

/** Whether the account was made now. */
async function register(place: Place, { email }: SeedUser, password: string): Promise<boolean> {
  const call = { method: 'POST', body: { email, password } } as const;
  return (await expecting(place, [201, 409], '/api/users/auth/register', call)).status === 201;
}

/** The first administrator is made by a person who may run commands in the pods. */
async function promote({ kubectl, config, topology }: Place, { email }: SeedUser): Promise<void> {
  const component = componentOf(topology, USER_MANAGEMENT);
  const pod = await runningPodOf({ kubectl, config }, component);
  await kubectl.output(execArguments(pod, [], ['python', '-m', 'user_management', 'promote', email]));
}

async function logIn(place: Place, { email }: SeedUser, password: string): Promise<string> {
  const call = { method: 'POST', body: { email, password } } as const;
  return read(login, await expecting(place, [200], '/api/users/auth/login', call)).access_token;
}

async function giveRole(place: Place, { email, role }: SeedUser, token: string): Promise<void> {
  const listed = await expecting(place, [200], `/api/users?email=${encodeURIComponent(email)}`, { token });
  const found = read(page(account), listed).items.find((one) => one.email === email);
  if (!found) throw new Failure(`seed: ${email} is not among the accounts`);
  if (found.role === role) return;
  await expecting(place, [200], `/api/users/${found.id}/role`, { method: 'PUT', body: { role }, token });
}

/** Returns how many companies there are afterwards. */
async function synchronize(place: Place, token: string): Promise<number> {
  const body = { entity_sets: SEED_ENTITY_SETS };
  const started = await expecting(place, [202], '/api/1c/sync/data', { method: 'POST', body, token });
  const { job_id: id } = read(z.looseObject({ job_id: z.string() }), started);
  for (let seconds = 0; ; seconds++) {
    const { status } = read(job, await expecting(place, [200], `/api/1c/sync/${id}`, { token }));
    if (status === 'completed') break;
    if (status === 'failed' || seconds > SYNC_SECONDS)
      throw new Failure(
        `seed: synchronization ${id} is ${status} after ${seconds} s`,
        'see ./platform logs onec-integration',
      );
    await pause(1000);
  }
  const companies = await expecting(place, [200], '/api/1c/companies', { token });
  return read(page(z.unknown()), companies).items.length;
}

async function chat(place: Place, token: string): Promise<Seeded['chat']> {
  const conversations = await expecting(place, [200], '/api/ai/conversations', { token });
  if (read(page(z.unknown()), conversations).items.length > 0) return 'kept';
  const call = { method: 'POST', body: { message: SEED_QUESTION }, token } as const;
  const { status } = await expecting(place, [200, 503], '/api/ai/chat', call);
  return status === 200 ? 'created' : 'skipped: no model provider is set';
}
