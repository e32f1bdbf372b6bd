/** How to replace values of a Secret in use. Each step waits until every reader has the previous one. */

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

/** Running pods of the Secret's namespace that mount it. */
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

/** A store has a sidecar that tells it of a change. */
export const isFollowed = ({ spec }: ReadingPod): boolean =>
  spec.containers.some(({ name }) => name === FOLLOWER);

/** When the service last read its secrets, by its metrics. @default 0: the metrics do not say */
export function readAt(metrics: string): number {
  const [, seconds] = /^secrets_read_timestamp_seconds(?:\{[^}]*\})? (\S+)$/m.exec(metrics) ?? [];
  return Number(seconds ?? 0);
}

/** Values of one key: a line or a PEM block each. Writers use the first; readers accept all. */
export type Values = readonly string[];

const PEM_END = /(?<=-----END [A-Z ]+-----)\s*/;

export const valuesIn = (text: string): Values =>
  text
    .split(text.includes('-----BEGIN ') ? PEM_END : '\n')
    .map((value) => value.trim())
    .filter((value) => value !== '');

/** Each PEM block has its own lines. */
export const textOf = (values: Values): string => values.join('\n');

export interface RotationStep {
  readonly title: string;
  readonly values: Values;
}

/**
 * The steps from the present values to a new one.
 *
 * @param lasting whether signatures of the old value stay valid for a time, so that `--finish` does the last
 * step.
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

/** The steps of `--finish`: only the value in use stays. */
export const finishSteps = (
  { rotation }: Pick<SecretEntry, 'rotation'>,
  before: Values,
): readonly RotationStep[] =>
  rotation === 'overlap' && before.length > 1
    ? [{ title: 'only the newest is accepted', values: before.slice(0, 1) }]
    : [];

/** The entries of these names. @throws Failure for an unknown name, or an entry that cannot be rotated. */
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
