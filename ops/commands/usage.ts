import { formatCpu, formatMemory } from '../../charts/config/quantity.ts';
import { ANY_COMPONENT, livePod, selectComponents } from '../core/components.ts';
import {
  type Amounts,
  byComponent,
  changed,
  type NodeRow,
  node,
  nodeRows,
  percent,
  type Suggestion,
  suggestions,
  sum,
  type UsageRow,
  usageRows,
} from '../core/usage.ts';
import { measuredPods, podsAround } from '../steps/pods.ts';
import { pause } from '../tools/interrupt.ts';
import { type ClusterOptions, liveOf, seconds, verb, withCluster } from './options.ts';
import { json, line, table } from './print.ts';
import { showing } from './progress.ts';

interface OptimizeOptions extends ClusterOptions {
  readonly seconds: number;
  readonly json?: boolean;
}

/** Seconds between two measurements of the metrics server. */
const INTERVAL_SECONDS = 15;

export const optimize = withCluster(
  verb(
    'optimize',
    'compare requests of containers with their use, and suggest new ones; changes nothing',
    './platform optimize --seconds 600',
  )
    .argument('[service...]', `${ANY_COMPONENT} (default: all)`)
    .option('--seconds <seconds>', 'how long to look, a sample every 15 s', seconds, 60)
    .option('--json', 'print millicores and bytes as JSON'),
)
  .addHelpText(
    'after',
    '\nThe suggestions rest on the use seen during the measurement: run it under the expected load.',
  )
  .action(async (names: readonly string[], options: OptimizeOptions) => {
    const live = await liveOf(options);
    const components = selectComponents('optimize', live.topology, names);
    const rounds = Math.floor(options.seconds / INTERVAL_SECONDS) + 1;
    const look = async (say: (text: string) => void): Promise<readonly (readonly UsageRow[])[]> => {
      const samples: (readonly UsageRow[])[] = [];
      for (let round = 1; round <= rounds; round++) {
        const [pods, metrics] = await Promise.all([podsAround(live, components), measuredPods(live.kubectl)]);
        samples.push(usageRows(live.config, components, pods, metrics));
        say(`sample ${round} of ${rounds}`);
        if (round < rounds) await pause(INTERVAL_SECONDS * 1000);
      }
      return samples;
    };
    const found = suggestions(await showing(options, { title: `Look for ${options.seconds} s`, work: look }));
    if (options.json) return json(found);
    printSuggestions(found, options.seconds);
  });

const cores = (value: number): string => formatCpu(Math.round(value));

function printSuggestions(found: readonly Suggestion[], lookedSeconds: number): void {
  line();
  table(
    [
      'component',
      'container',
      'CPU mean',
      'peak',
      'request',
      'better',
      'memory peak',
      'request',
      'better',
      '',
    ],
    found.map(({ component, container, mean, peak, request, suggested, tight }) => [
      component,
      container,
      cores(mean.cpu),
      cores(peak.cpu),
      cores(request.cpu),
      suggested.cpu === request.cpu ? '' : cores(suggested.cpu),
      formatMemory(peak.memory),
      formatMemory(request.memory),
      suggested.memory === request.memory ? '' : formatMemory(suggested.memory),
      tight.map((kind) => `${kind} near its limit`).join(', '),
    ]),
    2,
  );
  line(
    `\n${found.filter(changed).length} of ${found.length} requests are far from ${lookedSeconds} s of use. Requests are services.SERVICE.cpu and .memory times requestScale, databases.* and redis.*.`,
  );
}

interface Options extends ClusterOptions {
  readonly containers?: boolean;
  readonly json?: boolean;
}

type Row = Pick<UsageRow, 'component' | 'used' | 'request' | 'limit'>;

export const resources = withCluster(
  verb(
    'resources',
    'show CPU and memory: use, requests and limits of each component, their sums, and the load of the nodes',
    './platform resources api-gateway --containers',
  )
    .argument('[service...]', `${ANY_COMPONENT} (default: all)`)
    .option('--containers', 'a row for each container')
    .option('--json', 'print millicores and bytes as JSON'),
)
  .addHelpText(
    'after',
    '\nUse is what the metrics server measured last, over some 15 seconds: a moment, not a day.',
  )
  .action(async (names: readonly string[], options: Options) => {
    const { kubectl, config, topology } = await liveOf(options);
    const components = selectComponents('resources', topology, names);
    const [pods, nodes, metrics] = await Promise.all([
      kubectl.objects(livePod, ['get', 'pods', '--all-namespaces']),
      kubectl.objects(node, ['get', 'nodes']),
      measuredPods(kubectl),
    ]);
    const containers = usageRows(config, components, pods, metrics);
    const reserved = nodeRows(nodes, pods);
    if (options.json) return json({ containers, components: byComponent(containers), nodes: reserved });
    const rows = options.containers
      ? containers.map((row) => ({ ...row, component: `${row.pod} ${row.container}` }))
      : byComponent(containers);
    print(rows);
    line();
    printNodes(reserved);
  });

const cpu = (value: number): string => formatCpu(Math.round(value));
const missing = '?';

function cells({ component, used, request, limit }: Row): readonly string[] {
  return [
    component,
    used ? cpu(used.cpu) : missing,
    cpu(request.cpu),
    cpu(limit.cpu),
    used ? `${percent(used.cpu, limit.cpu)}` : missing,
    used ? formatMemory(used.memory) : missing,
    formatMemory(request.memory),
    formatMemory(limit.memory),
    used ? `${percent(used.memory, limit.memory)}` : missing,
  ];
}

function print(rows: readonly Row[]): void {
  const all = (pick: (row: Row) => Amounts | undefined): Amounts =>
    sum(rows.flatMap((row) => pick(row) ?? []));
  const total: Row = {
    component: 'sum',
    used: all(({ used }) => used),
    request: all(({ request }) => request),
    limit: all(({ limit }) => limit),
  };
  table(
    ['component', 'CPU', 'request', 'limit', 'of limit', 'memory', 'request', 'limit', 'of limit'],
    [...rows, total].map(cells),
    1,
  );
}

function printNodes(rows: readonly NodeRow[]): void {
  table(
    ['node', 'CPU requested', 'of', '', 'memory requested', 'of', ''],
    rows.map(({ node: name, allocatable, requested }) => [
      name,
      cpu(requested.cpu),
      cpu(allocatable.cpu),
      percent(requested.cpu, allocatable.cpu),
      formatMemory(requested.memory),
      formatMemory(allocatable.memory),
      percent(requested.memory, allocatable.memory),
    ]),
    1,
  );
}
