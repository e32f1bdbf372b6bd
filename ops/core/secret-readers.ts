/** Which pods have a Secret among their files, and whether they have read it again. */
import { z } from 'zod';
import { FOLLOWER } from '../../charts/constructs/follower.ts';
import type { SecretEntry } from '../../charts/constructs/secret-entry.ts';

const named = z.looseObject({ name: z.string() });
const volume = z.looseObject({
  secret: z.looseObject({ secretName: z.string() }).optional(),
  projected: z
    .looseObject({ sources: z.array(z.looseObject({ secret: named.optional() })).default([]) })
    .optional(),
});

export const readingPod = z.looseObject({
  metadata: z.looseObject({
    name: z.string(),
    namespace: z.string(),
    labels: z.record(z.string(), z.string()).default({}),
    deletionTimestamp: z.string().optional(),
  }),
  spec: z.looseObject({ volumes: z.array(volume).default([]), containers: z.array(named) }),
  status: z.looseObject({ phase: z.string().default('Pending') }).prefault({}),
});
export type ReadingPod = z.output<typeof readingPod>;

const mounts = ({ spec }: ReadingPod, name: string): boolean =>
  spec.volumes.some(
    ({ secret, projected }) =>
      secret?.secretName === name || projected?.sources.some((source) => source.secret?.name === name),
  );

/** Pods of its namespace that run and have the Secret mounted. */
export const readersOf = (
  { namespace, name }: Pick<SecretEntry, 'namespace' | 'name'>,
  pods: readonly ReadingPod[],
): readonly ReadingPod[] =>
  pods.filter(
    (pod) =>
      pod.metadata.namespace === namespace &&
      pod.metadata.deletionTimestamp === undefined &&
      pod.status.phase === 'Running' &&
      mounts(pod, name),
  );

/** Stores have a container beside them that tells them of a change. */
export const isFollowed = ({ spec }: ReadingPod): boolean =>
  spec.containers.some(({ name }) => name === FOLLOWER);

/** When the pod's service read the secrets in force, by its metrics. @default 0: it says nothing of it */
export function readAt(metrics: string): number {
  const [, seconds] = /^secrets_read_timestamp_seconds(?:\{[^}]*\})? (\S+)$/m.exec(metrics) ?? [];
  return Number(seconds ?? 0);
}
