/** Downloads and restores Redis's data. */
import { existsSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { componentOf } from '../../charts/graph/build.ts';
import { REDIS } from '../../charts/graph/model.ts';
import { bytesText, stamp } from '../core/backup.ts';
import { execArguments, REDIS_CLI, redisCommand, redisScript } from '../core/consoles.ts';
import { Failure, messageOf } from '../core/failure.ts';
import { download, upload } from '../tools/transfer.ts';
import { until } from '../tools/wait.ts';
import { runningPodOf } from './pods.ts';
import type { ComponentsInCluster } from './target.ts';

/** Name of the file of a snapshot taken at `now`. */
export const redisFile = (now: Date): string => `redis-${stamp(now)}.rdb`;

/** Writes a checked snapshot to standard output, with the data at the moment of the call. */
export const SAVE =
  redisScript(`# The X are mktemp's to fill in: a folder of this run's own, on the volume, as large as the data may be.
folder=$(mktemp -d /data/backup.XXXXXX)
trap 'rm -rf "$folder"' EXIT
${REDIS_CLI} --rdb "$folder/snapshot.rdb" >&2
redis-check-rdb "$folder/snapshot.rdb" >&2
cat "$folder/snapshot.rdb"`);

const ARRIVED = '/data/restore.rdb';

/** Reads a snapshot from standard input and checks it; the running data does not change. */
export const RECEIVE = redisScript(`cat >${ARRIVED}
if ! redis-check-rdb ${ARRIVED} >/tmp/check 2>&1; then
  rm -f ${ARRIVED}
  cause=$(sed -n '/RDB ERROR/{n;p;q;}' /tmp/check)
  echo "fatal: \${cause:-$(tail -n 1 /tmp/check)}" >&2
  exit 1
fi`);

/** Swaps Redis's snapshot, which Redis must not overwrite, and stops Redis: it restarts with the new data. */
export const SWAP = redisScript(`${REDIS_CLI} CONFIG SET save '' >/dev/null
while ${REDIS_CLI} INFO persistence | grep -q '^rdb_bgsave_in_progress:1'; do sleep 0.2; done
mv ${ARRIVED} /data/dump.rdb
${REDIS_CLI} SHUTDOWN NOSAVE >/dev/null 2>&1 || true`);

/** Number of keys; fails until Redis has loaded its data. */
export const KEYS = redisCommand(['DBSIZE']);

/** Redis restarts within seconds, but takes a while to load a large snapshot. */
const LOAD_SECONDS = 120;

/** Arguments of kubectl for a command in Redis's pod. */
async function inPod(cluster: ComponentsInCluster, command: readonly string[]): Promise<readonly string[]> {
  const pod = await runningPodOf(cluster, componentOf(cluster.topology, REDIS));
  return execArguments(pod, ['--stdin'], command);
}

/** Writes a snapshot into the folder. @returns name of the file. */
export async function saveRedis(
  cluster: ComponentsInCluster,
  folder: string,
  report: (text: string) => void,
): Promise<string> {
  const name = redisFile(new Date());
  const say = (count: number): void => report(bytesText(count));
  await download(cluster.kubectl, await inPod(cluster, SAVE), join(folder, name), say);
  return name;
}

export interface RedisRestored {
  readonly keys: number;
  /** Seconds without an answer from Redis. */
  readonly awaySeconds: number;
  /** File on this machine with the previous data. @default the previous data was not saved */
  readonly safety?: string;
}

/** @throws Failure when the file is no snapshot of Redis. */
export async function checkSnapshot(file: string): Promise<void> {
  if (!existsSync(file))
    throw new Failure(`restore: "${file}" does not exist`, 'name a redis-….rdb of ./platform backup --all');
  const opened = await open(file);
  try {
    const { buffer } = await opened.read(Buffer.alloc(5), 0, 5, 0);
    if (buffer.toString('latin1') !== 'REDIS')
      throw new Failure(
        `restore: "${file}" is no snapshot of Redis`,
        'expected a file that begins with REDIS',
      );
  } finally {
    await opened.close();
  }
}

/** Replaces all data of Redis by a snapshot. Nothing changes until the last step. */
export async function restoreRedis(
  cluster: ComponentsInCluster,
  file: string,
  { safety, report }: { readonly safety: boolean; readonly report: (text: string) => void },
): Promise<RedisRestored> {
  const saved = safety ? await saveRedis(cluster, dirname(file), report) : undefined;
  report(`sending ${file}`);
  await upload(cluster.kubectl, await inPod(cluster, RECEIVE), file).catch((error: unknown) => {
    const [, cause] = /fatal: (.*)/.exec(messageOf(error)) ?? [];
    throw cause ? new Failure(`restore: "${file}": ${cause}`, 'nothing was changed') : error;
  });
  report('starting with its data');
  const began = Date.now();
  // The command ends with its container, which is no failure: the next line waits for Redis.
  await cluster.kubectl.output(await inPod(cluster, SWAP)).catch(() => undefined);
  const keys = await loaded(cluster);
  await reachable(cluster);
  const awaySeconds = Math.round((Date.now() - began) / 100) / 10;
  return { keys, awaySeconds, ...(saved ? { safety: join(dirname(file), saved) } : {}) };
}

/** The Service leads to the pod again only when the pod is ready, some time after Redis answers. */
async function reachable(cluster: ComponentsInCluster): Promise<void> {
  const { metadata } = await runningPodOf(cluster, componentOf(cluster.topology, REDIS));
  const ready = ['--for=condition=Ready', `--timeout=${LOAD_SECONDS}s`];
  await cluster.kubectl.output(['wait', `pod/${metadata.name}`, '-n', metadata.namespace, ...ready]);
}

/** The number of keys, as soon as Redis answers. */
async function loaded(cluster: ComponentsInCluster): Promise<number> {
  return until({ seconds: LOAD_SECONDS, pauseMs: 500 }, async (late) => {
    try {
      const text = await cluster.kubectl.output(await inPod(cluster, KEYS));
      return Number(/\d+/.exec(text)?.[0] ?? Number.NaN);
    } catch (error) {
      if (late())
        throw new Failure(
          `restore: redis has not answered for ${LOAD_SECONDS} s (${messageOf(error)})`,
          'see ./platform logs redis',
        );
      return undefined;
    }
  });
}
