/** The lock of an environment: a Lease, so that two deploys cannot run at once and a dead one does not lock for ever. */
import { z } from 'zod';

export const LEASE_NAME = 'deploy';
/** A lock not renewed for that long is stale. */
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

/** Kubernetes wants six digits of a second. */
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
      // Replaced only as it was seen: of two that find it stale, one wins.
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
