/** Waits until every workload runs its newest version, and says why one does not. */

import { namespaceOf } from '../../charts/constructs/names.ts';
import type { Component } from '../../charts/graph/model.ts';
import { Failure } from '../core/failure.ts';
import { absent } from '../core/status.ts';
import {
  event,
  explain,
  hopeless,
  pod,
  podsOf,
  progressOf,
  type Workload,
  workload,
} from '../core/workloads.ts';
import { until } from '../tools/wait.ts';
import type { ComponentsInCluster, ConfiguredCluster, Target } from './target.ts';

/** The workloads of components, in the same order. @throws Failure when one is not deployed. */
export async function workloadsOf(
  { kubectl, config }: ConfiguredCluster,
  components: readonly Component[],
): Promise<readonly Workload[]> {
  const live = await kubectl.workloads(workload, config);
  return components.map(({ zone, name, workload: own = name }) => {
    const found = live.find(
      ({ metadata }) => metadata.name === own && metadata.namespace === namespaceOf(config, zone),
    );
    if (!found) throw new Failure(`${name}: not deployed`, 'see ./platform status');
    return found;
  });
}

const reference = ({ kind, metadata }: Workload): readonly string[] => [
  `${kind.toLowerCase()}/${metadata.name}`,
  `--namespace=${metadata.namespace}`,
];

/**
 * Changes a workload and waits for the rollout.
 *
 * @param verb verb of kubectl, such as `rollout restart`, and its flags.
 */
export async function roll(
  { kubectl }: Pick<Target, 'kubectl'>,
  subject: Workload,
  verb: readonly string[],
  timeoutSeconds: number,
  report: (line: string) => void,
): Promise<void> {
  const { kind, metadata } = subject;
  if (kind === 'Cluster')
    throw new Failure(
      `${metadata.name}: its operator replaces its instances`,
      `use kubectl cnpg restart ${metadata.name}`,
    );
  await kubectl.output([...verb, ...reference(subject)]);
  try {
    await kubectl.lines(['rollout', 'status', ...reference(subject), `--timeout=${timeoutSeconds}s`], report);
  } catch (error) {
    if (!(error instanceof Failure) || !/timed out/.test(error.message)) throw error;
    throw new Failure(
      `${subject.metadata.name}: not rolled out after ${timeoutSeconds} s`,
      'see ./platform status, or give more time with --timeout',
    );
  }
}

const PAUSE_MS = 1000;

/**
 * Returns the number of ready workloads.
 *
 * @param report receives what is still missing, whenever that changes.
 * @param before ids of the pods before the change. With them, a new pod that cannot become ready ends the
 * wait at once.
 * @throws Failure with the reason for each pod.
 */
export async function waitForRollout(
  { kubectl, config, topology }: ComponentsInCluster,
  timeoutSeconds: number,
  report: (line: string) => void,
  before?: ReadonlySet<string>,
): Promise<number> {
  let last = '';
  return until({ seconds: timeoutSeconds, pauseMs: PAUSE_MS }, async (late) => {
    const workloads = await kubectl.workloads(workload, config);
    const waiting = workloads.filter((one) => !progressOf(one).done);
    const missing = absent(config, topology, workloads);
    if (waiting.length + missing.length === 0) return workloads.length;
    const total = workloads.length + missing.length;
    const behind = [...waiting.map(({ metadata }) => metadata.name), ...missing];
    const state = `${total - behind.length} of ${total} ready, waiting for ${behind.join(', ')}`;
    if (state !== last) report(state);
    last = state;
    if (late())
      throw new Failure(
        `${behind.length} of ${total} workloads not ready after ${timeoutSeconds} s: ${behind.join(', ')}`,
        'see ./platform status, or give more time with --timeout',
        [...(await reasons({ kubectl, config }, waiting)), ...missing.map((name) => `${name}: not deployed`)],
      );
    if (before) await giveUp({ kubectl, config }, waiting, before);
    return undefined;
  });
}

/** Ids of the present pods. */
export async function podIds({ kubectl, config }: ConfiguredCluster): Promise<ReadonlySet<string>> {
  return new Set((await kubectl.pods(pod, config.environment)).map(({ metadata }) => metadata.uid));
}

async function giveUp(
  cluster: ConfiguredCluster,
  waiting: readonly Workload[],
  before: ReadonlySet<string>,
): Promise<void> {
  const pods = await cluster.kubectl.pods(pod, cluster.config.environment);
  const own = waiting.flatMap((one) => podsOf(one, pods)).filter(({ metadata }) => !before.has(metadata.uid));
  const [reason] = own.flatMap((one) => hopeless(one, new Date()) ?? []);
  if (reason)
    throw new Failure(`a new pod does not start: ${reason}`, undefined, await reasons(cluster, waiting));
}

async function reasons(
  { kubectl, config }: ConfiguredCluster,
  waiting: readonly Workload[],
): Promise<readonly string[]> {
  const [pods, events] = await Promise.all([
    kubectl.pods(pod, config.environment),
    kubectl.objects(event, ['get', 'events', '--all-namespaces']),
  ]);
  return waiting.flatMap((one) => explain(one, pods, events));
}
