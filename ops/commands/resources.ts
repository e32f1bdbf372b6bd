import { formatCpu, formatMemory } from '../../charts/config/quantity.ts';
import { ANY_COMPONENT, livePod, selectComponents } from '../core/components.ts';
import {
  type Amounts,
  byComponent,
  type NodeRow,
  node,
  nodeRows,
  percent,
  sum,
  type UsageRow,
  usageRows,
} from '../core/usage.ts';
import { measuredPods } from '../steps/pods.ts';
import { type ClusterOptions, liveOf, verb, withCluster } from './options.ts';
import { json, line, table } from './print.ts';

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
