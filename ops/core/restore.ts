/** A restore: what is remembered of one that has begun, and what is to be done about one that did not end. */
import { z } from 'zod';
import { restoreOf } from '../../charts/graph/model.ts';
import { Failure } from './failure.ts';

/**
 * What a restore has to know to go on where it was killed. It lives in the cluster, from before the service is stopped
 * until it runs again.
 */
export interface RestoreState {
  /** Tells this restore from others of the same backup. */
  readonly run: string;
  /** Id of the backup that is restored. */
  readonly backup: string;
  /** Replicas of the service before it was stopped. */
  readonly replicas: number;
  /** ISO 8601. */
  readonly begunAt: string;
  /** Id of the backup of what was there before. @default not taken yet */
  readonly safety?: string;
}

const stateObject = z.looseObject({
  data: z.looseObject({
    run: z.string(),
    backup: z.string(),
    replicas: z.coerce.number().int().min(0),
    begunAt: z.string(),
    safety: z.string().optional(),
  }),
});

/** The ConfigMap that holds it. It carries no inventory label, so it is never pruned. */
export const stateManifest = (namespace: string, service: string, state: RestoreState): object => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: {
    name: restoreOf(service),
    namespace,
    labels: { 'app.kubernetes.io/part-of': 'ai-assistants', 'app.kubernetes.io/managed-by': 'platform' },
  },
  data: { ...state, replicas: String(state.replicas) },
});

export const stateSchema = stateObject.transform(({ data }): RestoreState => {
  const { run, backup, replicas, begunAt, safety } = data;
  return { run, backup, replicas, begunAt, ...(safety ? { safety } : {}) };
});

/**
 * The backup to restore, given one that was begun and never ended.
 *
 * @throws Failure when another backup is asked for: what was begun is finished first.
 */
export function backupToRestore(service: string, wanted: string, begun: RestoreState | undefined): string {
  if (!begun || wanted === 'latest' || begun.backup === wanted || begun.backup.endsWith(`-${wanted}`))
    return begun?.backup ?? wanted;
  throw new Failure(
    `restore: one of ${service} from ${begun.backup} was begun at ${begun.begunAt} and has not ended`,
    `end it first with ./platform restore ${service} --from ${begun.backup}`,
  );
}

/** What a person has to do after a service's database was restored. */
const AFTERWARDS: Readonly<Record<string, (namespace: string, id: string) => string>> = {
  security: (namespace, id) =>
    `The audit log signs no more until the gap is sealed with a reason: kubectl exec --namespace ${namespace} deploy/security -- python -m security seal 'restored from ${id}'`,
};

export function nextStep(service: string, namespace: string, id: string): string | undefined {
  return AFTERWARDS[service]?.(namespace, id);
}
