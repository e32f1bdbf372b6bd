/** Holds the lock of an environment while a command changes it. */
import { hostname, userInfo } from 'node:os';
import { setInterval } from 'node:timers/promises';
import { z } from 'zod';
import { Failure, messageOf } from '../core/failure.ts';
import type { Kubectl } from '../tools/kubectl.ts';

export const LEASE_NAME = 'deploy';
/** Seconds without renewal after which a lock is stale. */
export const LEASE_SECONDS = 60;

export const lease = z.looseObject({
  metadata: z.looseObject({ name: z.string(), uid: z.string(), resourceVersion: z.string() }),
  spec: z
    .looseObject({
      holderIdentity: z.string().default('somebody'),
      leaseDurationSeconds: z.int().default(LEASE_SECONDS),
      renewTime: z.string().default('1970-01-01T00:00:00.000000Z'),
    })
    .prefault({}),
});
export type Lease = z.output<typeof lease>;

/** Kubernetes requires six digits of a second. */
const microTime = (time: Date): string => time.toISOString().replace('Z', '000Z');

export const leaseSpec = (holder: string, now: Date): object => ({
  holderIdentity: holder,
  leaseDurationSeconds: LEASE_SECONDS,
  acquireTime: microTime(now),
  renewTime: microTime(now),
});

export const renewal = (now: Date): object => ({ spec: { renewTime: microTime(now) } });

export function leaseManifest(namespace: string, holder: string, now: Date, over?: Lease): object {
  return {
    apiVersion: 'coordination.k8s.io/v1',
    kind: 'Lease',
    metadata: {
      name: LEASE_NAME,
      namespace,
      // The API server accepts only the version that was read: if two commands find the lock stale, one wins.
      ...(over ? { resourceVersion: over.metadata.resourceVersion } : {}),
    },
    spec: leaseSpec(holder, now),
  };
}

/** Seconds until the lock is stale; 0 when it is. */
export function secondsLeft({ spec }: Lease, now: Date): number {
  const end = Date.parse(spec.renewTime) + spec.leaseDurationSeconds * 1000;
  return Math.max(0, Math.ceil((end - now.getTime()) / 1000));
}

const RENEW_MS = 15_000;

/** Throws when another command took the lock; called before each step that must not begin then. */
export type CheckLock = () => void;

/**
 * Runs `work` while holding and renewing the lock; releases it at the end, also after a failure or Ctrl-C.
 *
 * @throws Failure naming the holder when the lock is taken.
 */
export async function withLock<T>(
  kubectl: Kubectl,
  namespace: string,
  work: (check: CheckLock) => Promise<T>,
): Promise<T> {
  const uid = await acquire(kubectl, namespace);
  const renewing = new AbortController();
  let lost: string | undefined;
  const renewed = renew(kubectl, namespace, renewing.signal).catch((error: unknown) => {
    lost = messageOf(error);
  });
  try {
    return await work(() => {
      if (lost) throw new Failure(`the lock of ${namespace} was lost (${lost})`, 'run the command again');
    });
  } finally {
    renewing.abort();
    await renewed;
    await release(kubectl, namespace, uid);
  }
}

const holder = (): string => `${userInfo().username}@${hostname()} (process ${process.pid})`;

async function acquire(kubectl: Kubectl, namespace: string): Promise<string> {
  const found = await find(kubectl, namespace);
  const left = found ? secondsLeft(found, new Date()) : 0;
  if (found && left > 0)
    throw new Failure(
      `${found.spec.holderIdentity} is changing ${namespace} at this moment`,
      `wait for the end, or ${left} s if it is dead, and run the command again`,
    );
  const manifest = JSON.stringify(leaseManifest(namespace, holder(), new Date(), found));
  try {
    await kubectl.output([found ? 'replace' : 'create', '--filename=-'], manifest);
  } catch (error) {
    if (!/AlreadyExists|already exists|Conflict|has been modified/.test(messageOf(error))) throw error;
    throw new Failure(`another command began to change ${namespace} just now`, 'run the command again later');
  }
  const mine = await find(kubectl, namespace);
  if (!mine) throw new Failure(`the lock of ${namespace} was taken away at once`, 'run the command again');
  return mine.metadata.uid;
}

async function find(kubectl: Kubectl, namespace: string) {
  const args = ['get', 'lease', LEASE_NAME, `--namespace=${namespace}`, '--ignore-not-found'];
  return (await kubectl.objects(lease, args))[0];
}

async function renew(kubectl: Kubectl, namespace: string, signal: AbortSignal): Promise<void> {
  try {
    for await (const _ of setInterval(RENEW_MS, undefined, { signal })) {
      const target = ['lease', LEASE_NAME, `--namespace=${namespace}`];
      await kubectl.tidy([
        'patch',
        ...target,
        '--type=merge',
        '--patch',
        JSON.stringify(renewal(new Date())),
      ]);
    }
  } catch (error) {
    if (!signal.aborted) throw error;
  }
}

/** Releases only the Lease it took: another one may have the same name by now. */
async function release(kubectl: Kubectl, namespace: string, uid: string): Promise<void> {
  const path = `/apis/coordination.k8s.io/v1/namespaces/${namespace}/leases/${LEASE_NAME}`;
  const options = { kind: 'DeleteOptions', apiVersion: 'v1', preconditions: { uid } };
  try {
    await kubectl.tidy(['delete', '--raw', path, '--filename=-'], JSON.stringify(options));
  } catch (error) {
    if (!/NotFound|not found|Conflict|Precondition/.test(messageOf(error))) throw error;
  }
}
