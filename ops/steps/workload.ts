/** One workload of a component: found, changed, waited for. */
import { namespaceOf } from '../../charts/constructs/names.ts';
import type { Component } from '../../charts/graph/model.ts';
import { Failure } from '../core/failure.ts';
import { type Workload, workload } from '../core/workloads.ts';
import type { Target } from './target.ts';

type Place = Pick<Target, 'kubectl' | 'config'>;

/** The workloads of components, in their order. @throws Failure when one is not deployed. */
export async function workloadsOf(
  { kubectl, config }: Place,
  components: readonly Component[],
): Promise<readonly Workload[]> {
  const live = await kubectl.workloads(workload, config.environment);
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
 * Changes a workload and waits until the change is rolled out.
 *
 * @param verb of kubectl, such as `rollout restart`, and its flags.
 */
export async function roll(
  { kubectl }: Pick<Target, 'kubectl'>,
  subject: Workload,
  verb: readonly string[],
  timeoutSeconds: number,
  report: (line: string) => void,
): Promise<void> {
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
