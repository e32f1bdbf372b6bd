import { Option } from 'commander';
import { thirdPartyImage } from '../../charts/config/images.ts';
import { toMermaid, toText } from '../../charts/graph/diagram.ts';
import { type Pair, reachability } from '../../charts/graph/reach.ts';
import { type LivePod, runningPod } from '../core/components.ts';
import { Failure } from '../core/failure.ts';
import { matrixOf, probeScript, probeSummary, type Tried, triedPairs, wrongPairs } from '../core/probe.ts';
import { podsAround } from '../steps/pods.ts';
import type { ComponentsInCluster } from '../steps/target.ts';
import type { Kubectl } from '../tools/kubectl.ts';
import { inParallel } from '../tools/parallel.ts';
import { until } from '../tools/wait.ts';
import {
  type ClusterOptions,
  type EnvironmentOptions,
  liveOf,
  setupOf,
  verb,
  withCluster,
  withEnvironment,
} from './options.ts';
import { json, line, table } from './print.ts';
import { showing } from './progress.ts';

interface ArchitectureOptions extends EnvironmentOptions {
  readonly format: 'mermaid' | 'text';
}

export const architecture = withEnvironment(
  verb(
    'architecture',
    'draw the components and their calls',
    './platform architecture --format mermaid',
  ).addOption(
    new Option('--format <format>', 'mermaid for pages, text for terminals')
      .choices(['mermaid', 'text'])
      .default('text'),
  ),
).action(async (options: ArchitectureOptions) => {
  const { topology } = await setupOf(options);
  process.stdout.write(options.format === 'mermaid' ? toMermaid(topology) : toText(topology));
});

const PATIENCE_SECONDS = 90;

/**
 * Tries every pair. The attempts run in an ephemeral container of the source pod, which shares the pod's
 * network and so its policies. The container ends by itself; Kubernetes lists it until the pod is deleted.
 *
 * @param report receives the name of the current source.
 */
export async function probeNetwork(
  { kubectl, config, topology }: ComponentsInCluster,
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

/** Runs a script in an ephemeral container of a pod and returns its output. */
async function runBeside(
  kubectl: Kubectl,
  { metadata }: LivePod,
  { container, image, script }: Beside,
): Promise<string> {
  const podArguments = [metadata.name, `--namespace=${metadata.namespace}`];
  await kubectl.output([
    'debug',
    ...podArguments,
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
  const ended = async (): Promise<boolean> =>
    (await kubectl.output(['get', 'pod', ...podArguments, `--output=jsonpath=${path}`])) !== '';
  return until({ seconds: PATIENCE_SECONDS, pauseMs: 1000 }, async (late) => {
    if (await ended()) return kubectl.output(['logs', ...podArguments, `--container=${container}`]);
    if (late())
      throw new Failure(
        `${metadata.name}: container ${container} did not end in ${PATIENCE_SECONDS} s`,
        `see kubectl describe pod ${podArguments.join(' ')}`,
      );
    return undefined;
  });
}

interface Options extends ClusterOptions {
  readonly probe?: boolean;
  readonly json?: boolean;
}

export const network = withCluster(
  verb(
    'network',
    'print which components may reach each other on which ports; --probe tests it',
    './platform network --probe',
  )
    .option('--probe', 'try every pair in the cluster; exit status 1 when one is not as derived')
    .option('--json', 'print every pair as JSON'),
)
  .addHelpText(
    'after',
    '\n--probe adds an ephemeral container to one pod of each component. It ends within seconds and is listed until the pod goes.',
  )
  .action((options: Options) => (options.probe ? probe(options) : show(options)));

const plain = ({ from, to, port, number, allowed }: Pair) => ({
  from: from.name,
  to: to.name,
  port,
  number,
  allowed,
});

async function probe(options: Options): Promise<void> {
  const live = await liveOf(options);
  const tried: readonly Tried[] = await showing(options, {
    title: 'Try every pair',
    work: (say) => probeNetwork(live, say),
  });
  const wrong = wrongPairs(tried);
  if (options.json) json(tried.map((pair) => ({ ...plain(pair), open: pair.open })));
  else line(`\n${probeSummary(tried)}`);
  if (wrong.length > 0)
    throw new Failure(
      `network: ${wrong.length} pairs are not as derived`,
      'see the NetworkPolicies of both ends',
      wrong,
    );
}

async function show(options: Options): Promise<void> {
  const pairs = reachability((await setupOf(options)).topology);
  if (options.json) return json(pairs.map(plain));
  const { names, cells, allowed, refused } = matrixOf(pairs);
  table(
    ['', 'from \\ to', ...names.map((_, index) => index + 1)].map(String),
    names.map((name, row) => [
      row + 1,
      name,
      ...names.map((_, column) => (row === column ? '' : cells[row]?.[column]?.join(',') || '·')),
    ]),
  );
  line(
    `\n${allowed} pairs of component and port may connect, ${refused} are refused. Columns are numbered as the rows.`,
  );
}
