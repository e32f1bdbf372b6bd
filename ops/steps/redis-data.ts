/** Redis's data on its way out of the cluster, and back. */
import { existsSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { componentOf } from '../../charts/graph/build.ts';
import { REDIS } from '../../charts/graph/model.ts';
import { bytes } from '../core/amount.ts';
import { execArguments } from '../core/consoles.ts';
import { Failure, messageOf } from '../core/failure.ts';
import { KEYS, RECEIVE, redisFile, SAVE, SWAP } from '../core/redis-data.ts';
import { pause } from '../tools/interrupt.ts';
import { download, upload } from '../tools/transfer.ts';
import { runningPodOf } from './pods.ts';
import type { Target } from './target.ts';

type Place = Pick<Target, 'config' | 'kubectl' | 'topology'>;

/** Redis comes back within seconds; a large snapshot takes a while to load. */
const LOAD_SECONDS = 120;

/** Arguments of kubectl for a command in its pod. */
async function inPod(place: Place, command: readonly string[]): Promise<readonly string[]> {
  const pod = await runningPodOf(place, componentOf(place.topology, REDIS));
  return execArguments(pod, ['--stdin'], command);
}

/** Writes a snapshot into the folder. @returns name of the file. */
export async function saveRedis(
  place: Place,
  folder: string,
  report: (text: string) => void,
): Promise<string> {
  const name = redisFile(new Date());
  const say = (count: number): void => report(bytes(count));
  await download(place.kubectl, await inPod(place, SAVE), join(folder, name), say);
  return name;
}

export interface RedisRestored {
  readonly keys: number;
  /** How long Redis answered no request. */
  readonly awaySeconds: number;
  /** What was there before, on this machine. @default none was saved */
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

/** Replaces all data of Redis by a snapshot. Until the last moment nothing is changed. */
export async function restoreRedis(
  place: Place,
  file: string,
  { safety, report }: { readonly safety: boolean; readonly report: (text: string) => void },
): Promise<RedisRestored> {
  const saved = safety ? await saveRedis(place, dirname(file), report) : undefined;
  report(`sending ${file}`);
  await upload(place.kubectl, await inPod(place, RECEIVE), file).catch((error: unknown) => {
    const [, cause] = /fatal: (.*)/.exec(messageOf(error)) ?? [];
    throw cause ? new Failure(`restore: "${file}": ${cause}`, 'nothing was changed') : error;
  });
  report('starting with its data');
  const began = Date.now();
  // Its container ends under the command, which is no failure: whether it is back shows below.
  await place.kubectl.output(await inPod(place, SWAP)).catch(() => undefined);
  const keys = await loaded(place);
  const awaySeconds = Math.round((Date.now() - began) / 100) / 10;
  return { keys, awaySeconds, ...(saved ? { safety: join(dirname(file), saved) } : {}) };
}

/** The number of keys, as soon as Redis answers again. */
async function loaded(place: Place): Promise<number> {
  for (const deadline = Date.now() + LOAD_SECONDS * 1000; ; await pause(500))
    try {
      const text = await place.kubectl.output(await inPod(place, KEYS));
      return Number(/\d+/.exec(text)?.[0] ?? Number.NaN);
    } catch (error) {
      if (Date.now() > deadline)
        throw new Failure(
          `restore: redis has not answered for ${LOAD_SECONDS} s (${messageOf(error)})`,
          'see ./platform logs redis',
        );
    }
}
