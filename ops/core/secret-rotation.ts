/** How the values of a Secret are replaced while in use. Every reader must have a step before the next one begins. */

import { z } from 'zod';
import { FOLLOWER } from '../../charts/constructs/follower.ts';
import type { SecretEntry } from '../../charts/constructs/secret-entry.ts';
import { Failure } from './failure.ts';

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

/** Values of one key, one a line or one PEM block after the other; the first is used, all are accepted. */
export type Values = readonly string[];

const PEM_END = /(?<=-----END [A-Z ]+-----)\s*/;

export const valuesIn = (text: string): Values =>
  text
    .split(text.includes('-----BEGIN ') ? PEM_END : '\n')
    .map((value) => value.trim())
    .filter((value) => value !== '');

/** PEM blocks have lines of their own. */
export const textOf = (values: Values): string => values.join('\n');

export interface RotationStep {
  readonly title: string;
  readonly values: Values;
}

/**
 * The steps from the present values to a new one.
 *
 * @param lasting what was signed with a value stays valid for a time, so the last step is done later.
 */
export function rotationSteps(
  { rotation }: Pick<SecretEntry, 'rotation'>,
  before: Values,
  fresh: string,
  lasting: boolean,
): readonly RotationStep[] {
  if (rotation === 'replace' || before.length === 0) return [{ title: 'replaced', values: [fresh] }];
  const learn = { title: 'the new one is accepted', values: [...before, fresh] };
  const use = { title: 'the new one is used', values: [fresh, ...before] };
  if (rotation === 'kept' || lasting) return [learn, use];
  return [learn, use, { title: 'the old value is no longer accepted', values: [fresh] }];
}

/** What `--finish` does: only the value in use stays. */
export const finishSteps = (
  { rotation }: Pick<SecretEntry, 'rotation'>,
  before: Values,
): readonly RotationStep[] =>
  rotation === 'overlap' && before.length > 1
    ? [{ title: 'only the newest is accepted', values: before.slice(0, 1) }]
    : [];

/** The entries of these names. @throws Failure for a name there is not, or one that cannot be rotated. */
export function entriesNamed(
  catalog: readonly SecretEntry[],
  names: readonly string[],
): readonly SecretEntry[] {
  const known = [...new Set(catalog.map(({ name }) => name))];
  const unknown = names.find((name) => !known.includes(name));
  if (unknown !== undefined || names.length === 0)
    throw new Failure(
      `secrets rotate: ${unknown === undefined ? 'no Secret is named' : `"${unknown}" is not known`}`,
      `expected ${known.join(', ')}`,
    );
  const found = catalog.filter(({ name }) => names.includes(name));
  for (const { name, rotation } of found)
    if (typeof rotation === 'object')
      throw new Failure(`secrets rotate: ${name} cannot be rotated`, rotation.never);
  return found;
}
