/** Rotates the values of Secrets. Each step waits until all pods that mount the Secret use its new content. */
import { createHash } from 'node:crypto';
import { FOLLOWER } from '../../charts/constructs/follower.ts';
import { namespaceOf } from '../../charts/constructs/names.ts';
import type { SecretEntry, SecretValue } from '../../charts/constructs/secret-entry.ts';
import { REDIS_SECRET } from '../../charts/constructs/secret-names.ts';
import { appSecret, databaseOf, POSTGRES_SECRETS, superuserSecret } from '../../charts/data/database.ts';
import { REDIS_APPLIED_FILE, REDIS_PASSWORD_FILE } from '../../charts/data/redis.ts';
import { portOf } from '../../charts/graph/build.ts';
import { secretCatalog } from '../../charts/secrets/catalog.ts';
import { Failure } from '../core/failure.ts';
import {
  finishSteps,
  isFollowed,
  type ReadingPod,
  type RotationStep,
  readAt,
  readersOf,
  readingPod,
  rotationSteps,
  textOf,
  valuesIn,
} from '../core/secret-rotation.ts';
import { secretId } from '../core/secrets.ts';
import { issueCertificates } from '../tools/certificates.ts';
import { withForward } from '../tools/forward.ts';
import { checkInterrupted, pause } from '../tools/interrupt.ts';
import { until } from '../tools/wait.ts';
import { generators, type Provided, secretValues, writeKeys } from './secrets.ts';
import type { LivePlatform } from './target.ts';

export interface RotationOptions {
  readonly provided: Provided;
  /** Only ends the acceptance of values that are no longer in use. */
  readonly finish: boolean;
  /** Seconds each step may take. */
  readonly timeout: number;
  readonly report: (text: string) => void;
}

const POLL_MS = 1000;
/** A service fetches public keys again only after this pause (services/common, key_set.py). */
const KEY_SET_PAUSE_MS = 31_000;
/** Changing a pod makes the kubelet update its volumes at once; otherwise it does so every minute. */
const TOUCHED = 'ai-assistants.io/secrets-changed-at';

/** @returns names of the Secrets that need `--finish`. */
export async function rotate(
  live: LivePlatform,
  entries: readonly SecretEntry[],
  options: RotationOptions,
): Promise<readonly string[]> {
  const left: string[] = [];
  await rotateCertificates(live, entries, options);
  for (const entry of entries.filter(({ certificate }) => !certificate))
    if (await rotateEntry(live, entry, options)) left.push(entry.name);
  return left;
}

async function rotateCertificates(
  live: LivePlatform,
  entries: readonly SecretEntry[],
  { report, finish }: RotationOptions,
): Promise<void> {
  const authorities = new Set(entries.flatMap(({ certificate }) => certificate?.authority ?? []));
  if (authorities.size === 0 || finish) return;
  const all = secretCatalog(live.config, live.topology).filter(
    ({ certificate }) => certificate && authorities.has(certificate.authority),
  );
  const issued = await issueCertificates(all);
  const fresh = all.map((entry) => {
    const certificate = issued.get(secretId(entry));
    if (!certificate) throw new Failure(`secret ${entry.name}: its certificate was not issued`);
    const data = entry.keys.flatMap(({ key, value }) =>
      value.kind === 'certificate' ? [[key, certificate[value.part]] as const] : [],
    );
    return { entry, data: Object.fromEntries(data) };
  });
  await writeKeys(live.kubectl, fresh);
  for (const { entry } of fresh) await touch(live, readersOf(entry, await pods(live, entry)));
  report(`${all.map(({ name }) => name).join(', ')}: replaced`);
}

/** @returns whether readers still accept an earlier value. */
async function rotateEntry(
  live: LivePlatform,
  entry: SecretEntry,
  options: RotationOptions,
): Promise<boolean> {
  const before = (await secretValues(live.kubectl, [entry])).get(secretId(entry));
  if (!before)
    throw new Failure(`secrets rotate: ${secretId(entry)} is missing`, './platform secrets create makes it');
  const steps = stepsByKey(entry, before, options);
  const count = Math.max(0, ...[...steps.values()].map(({ length }) => length));
  for (let index = 0; index < count; index++) {
    const due = [...steps].flatMap(([key, all]) => {
      const step = all[index];
      return step ? [{ key, ...step }] : [];
    });
    const data = Object.fromEntries(due.map(({ key, values }) => [key, textOf(values)]));
    options.report(`${entry.name}: ${due[0]?.title}`);
    await spread(live, entry, data, options);
    if (hasPrivateKey(entry) && index === 0 && count > 1) await pause(KEY_SET_PAUSE_MS);
  }
  return (
    entry.rotation === 'overlap' && [...steps.values()].some((all) => (all.at(-1)?.values.length ?? 0) > 1)
  );
}

const hasPrivateKey = ({ keys }: SecretEntry): boolean =>
  keys.some(({ value }) => value.kind === 'private-key');

/** Tokens outlive a rotation. A database session does not: PostgreSQL asks for the password only at login. */
const signsTokens = (entry: SecretEntry): boolean =>
  hasPrivateKey(entry) || entry.keys.some(({ key }) => key === 'JWT_SECRET_KEY');

function stepsByKey(
  entry: SecretEntry,
  before: Readonly<Record<string, string>>,
  { provided, finish }: RotationOptions,
): ReadonlyMap<string, readonly RotationStep[]> {
  const steps = entry.keys.flatMap(({ key, value }): readonly [string, readonly RotationStep[]][] => {
    const values = valuesIn(before[key] ?? '');
    if (finish) return [[key, finishSteps(entry, values)]];
    const fresh = freshValue(value, provided(key));
    return fresh === undefined ? [] : [[key, rotationSteps(entry, values, fresh, signsTokens(entry))]];
  });
  if (steps.length === 0)
    throw new Failure(
      `secrets rotate: there is no new value for ${entry.name}`,
      `set ${entry.keys.map(({ key }) => key).join(' or ')} in the environment, or name a file with --from-file`,
    );
  return new Map(steps);
}

function freshValue(value: SecretValue, given: string | undefined): string | undefined {
  if (value.kind === 'generated') return generators.random(value.bytes);
  if (value.kind === 'private-key') return generators.privateKey(value.algorithm).trim();
  return value.kind === 'provided' ? given || undefined : undefined;
}

const pods = ({ kubectl }: LivePlatform, { namespace }: SecretEntry): Promise<readonly ReadingPod[]> =>
  kubectl.objects(readingPod, ['get', 'pods', `--namespace=${namespace}`]);

/** Writes the values and waits until every pod uses them. */
async function spread(
  live: LivePlatform,
  entry: SecretEntry,
  data: Readonly<Record<string, string>>,
  { timeout, report }: RotationOptions,
): Promise<void> {
  const readers = readersOf(entry, await pods(live, entry));
  const before = await readTimes(live, readers);
  await writeKeys(live.kubectl, [{ entry, data }]);
  await touch(live, readers);
  await until({ seconds: timeout, pauseMs: POLL_MS }, async (late) => {
    const behind = await podsBehind(live, entry, data, before);
    if (behind.length === 0) return true;
    report(`${entry.name}: waiting for ${behind.join(', ')}`);
    if (late())
      throw new Failure(
        `secrets rotate: ${behind.join(', ')} did not take the new value of ${entry.name} in ${timeout} s`,
        'the values from before are still good; see their logs, then run the command again',
      );
    return undefined;
  });
}

async function touch({ kubectl }: LivePlatform, readers: readonly ReadingPod[]): Promise<void> {
  for (const { metadata } of readers)
    await kubectl.output([
      'annotate',
      'pod',
      metadata.name,
      `--namespace=${metadata.namespace}`,
      '--overwrite',
      `${TOUCHED}=${Date.now()}`,
    ]);
}

async function podsBehind(
  live: LivePlatform,
  entry: SecretEntry,
  data: Readonly<Record<string, string>>,
  before: ReadonlyMap<string, number>,
): Promise<readonly string[]> {
  const readers = readersOf(entry, await pods(live, entry));
  const now = await readTimes(live, readers);
  const waiting = await Promise.all(
    readers.map(async (pod) => {
      const { name } = pod.metadata;
      if (isFollowed(pod)) return (await hasTaken(live, entry, pod, data)) ? [] : [name];
      const [earlier, later] = [before.get(name), now.get(name)];
      return earlier !== undefined && later !== undefined && later <= earlier ? [name] : [];
    }),
  );
  return waiting.flat();
}

/** Read times by pod; only pods of services have one. */
async function readTimes(
  live: LivePlatform,
  readers: readonly ReadingPod[],
): Promise<ReadonlyMap<string, number>> {
  const times = await Promise.all(
    readers.map(async (pod): Promise<readonly [string, number][]> => {
      const component = live.topology.components.find(
        ({ kind, name }) => kind === 'service' && pod.metadata.labels['app.kubernetes.io/name'] === name,
      );
      if (!component) return [];
      const { name, namespace } = pod.metadata;
      const port = portOf(component, 'http');
      return [
        [name, await readTime({ context: live.kubectl.context, namespace, resource: `pod/${name}`, port })],
      ];
    }),
  );
  return new Map(times.flat());
}

/** 0 for a pod that does not answer: it may be starting. */
async function readTime(place: Parameters<typeof withForward>[0]): Promise<number> {
  try {
    return await withForward(place, async (origin) =>
      readAt(await (await fetch(`${origin}/metrics`, { signal: AbortSignal.timeout(10_000) })).text()),
    );
  } catch {
    checkInterrupted();
    return 0;
  }
}

/** Whether the store's pod has the file with these values, and accepts the first of them. */
async function hasTaken(
  live: LivePlatform,
  entry: SecretEntry,
  { metadata }: ReadingPod,
  data: Readonly<Record<string, string>>,
): Promise<boolean> {
  const login = loginOf(live, entry);
  if (!login || data.password === undefined) return true;
  const hash = createHash('sha256').update(data.password).digest('hex');
  const script = [
    `[ "$(sha256sum < ${login.file} | cut -c 1-64)" = "$1" ]`,
    `password=$(head -n 1 ${login.file})`,
    login.command,
  ].join('\n');
  const args = ['exec', `--namespace=${metadata.namespace}`, metadata.name, `--container=${FOLLOWER}`, '--'];
  try {
    await live.kubectl.output([...args, 'bash', '-euc', script, 'bash', hash]);
    return true;
  } catch {
    checkInterrupted();
    return false;
  }
}

/** How the follower of a store tests the password of the store's Secret. */
function loginOf(
  { config, topology }: LivePlatform,
  { name, namespace }: SecretEntry,
): { readonly file: string; readonly command: string } | undefined {
  if (namespace !== namespaceOf(config, 'app')) return undefined;
  if (name === REDIS_SECRET)
    return {
      file: REDIS_PASSWORD_FILE,
      command: `cmp -s ${REDIS_PASSWORD_FILE} ${REDIS_APPLIED_FILE}\nREDISCLI_AUTH=$password redis-cli -e -h 127.0.0.1 PING | grep -q PONG`,
    };
  const psql = (user: string, database: string): string =>
    `PGPASSWORD=$password psql --no-psqlrc --quiet --host=127.0.0.1 --username='${user}' --dbname='${database}' --command='SELECT 1' > /dev/null`;
  for (const spec of topology.services) {
    if (!spec.database) continue;
    const database = databaseOf(config, spec);
    if (name === appSecret(spec.name))
      return { file: `${POSTGRES_SECRETS}/app-password`, command: psql(database.user, database.name) };
    if (name === superuserSecret(spec.name))
      return { file: `${POSTGRES_SECRETS}/superuser-password`, command: psql('postgres', 'postgres') };
  }
  return undefined;
}
