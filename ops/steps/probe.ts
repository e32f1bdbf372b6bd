/** Walks the topology on the cluster: from a pod of every running component, every port of every other one. */
import { thirdPartyImage } from '../../charts/config/images.ts';
import { reachability } from '../../charts/graph/reach.ts';
import { type LivePod, runningPod } from '../core/components.ts';
import { Failure } from '../core/failure.ts';
import { probeScript, type Tried, triedPairs } from '../core/probe.ts';
import { pause } from '../tools/interrupt.ts';
import type { Kubectl } from '../tools/kubectl.ts';
import { inParallel } from '../tools/parallel.ts';
import { podsAround } from './pods.ts';
import type { Target } from './target.ts';

const PATIENCE_SECONDS = 90;

/**
 * Tries every pair. Each source's attempts run in an ephemeral container of its pod, which shares the pod's network:
 * that is what the policies are about. It ends by itself; Kubernetes keeps its entry until the pod goes.
 *
 * @param report is told which source is tried.
 */
export async function probeNetwork(
  { kubectl, config, topology }: Pick<Target, 'kubectl' | 'config' | 'topology'>,
  report: (line: string) => void,
): Promise<readonly Tried[]> {
  const pairs = reachability(topology);
  const sources = [...new Set(pairs.map(({ from }) => from))];
  const live = await podsAround({ kubectl, config }, sources);
  const pods = new Map(sources.map((component) => [component, runningPod(config, component, live)]));
  const addresses = new Map([...pods].map(([{ name }, { status }]) => [name, status.podIP]));
  const container = `probe-${Date.now().toString(36)}`;
  // PostgreSQL's image has bash and is on every node already.
  const image = thirdPartyImage(config, 'postgres');
  let done = 0;
  const tried = await inParallel([...pods], 2, async ([from, pod]) => {
    const own = pairs.filter((pair) => pair.from === from);
    const output = await runBeside(kubectl, pod, { container, image, script: probeScript(own, addresses) });
    done += 1;
    report(`${done} of ${sources.length}: ${from.name}`);
    return triedPairs(own, output);
  });
  return tried.flat();
}

interface Beside {
  readonly container: string;
  readonly image: string;
  readonly script: string;
}

/** Output of a script in an ephemeral container of a pod. */
async function runBeside(
  kubectl: Kubectl,
  { metadata }: LivePod,
  { container, image, script }: Beside,
): Promise<string> {
  const place = [metadata.name, `--namespace=${metadata.namespace}`];
  await kubectl.output([
    'debug',
    ...place,
    '--profile=restricted',
    '--quiet',
    '--attach=false',
    `--container=${container}`,
    `--image=${image}`,
    '--image-pull-policy=IfNotPresent',
    '--',
    'bash',
    '-c',
    script,
  ]);
  const path = `{.status.ephemeralContainerStatuses[?(@.name=="${container}")].state.terminated.exitCode}`;
  for (let seconds = 0; seconds < PATIENCE_SECONDS; seconds++) {
    if ((await kubectl.output(['get', 'pod', ...place, `--output=jsonpath=${path}`])) !== '')
      return kubectl.output(['logs', ...place, `--container=${container}`]);
    await pause(1000);
  }
  throw new Failure(
    `${metadata.name}: container ${container} did not end in ${PATIENCE_SECONDS} s`,
    `see kubectl describe pod ${place.join(' ')}`,
  );
}
