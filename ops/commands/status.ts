import { age, type StatusRow, statusRows } from '../core/status.ts';
import { pod, workload } from '../core/workloads.ts';
import { type ClusterOptions, liveOf, verb, withCluster } from './options.ts';
import { json, line, table } from './print.ts';

interface Options extends ClusterOptions {
  readonly json?: boolean;
}

export const status = withCluster(
  verb(
    'status',
    'show each component: ready, image, restarts, age; exit status 1 when one is not ready',
    './platform status --json',
  ).option('--json', 'print the rows as JSON'),
).action(async (options: Options) => {
  const { kubectl, config, topology } = await liveOf(options);
  const [workloads, pods] = await Promise.all([
    kubectl.workloads(workload, config.environment),
    kubectl.pods(pod, config.environment),
  ]);
  const rows = statusRows(config, topology, { workloads, pods }, new Date());
  const ready = rows.filter((row) => row.ok).length;
  if (options.json) json(rows);
  else {
    table(['component', 'zone', 'ready', 'image', 'restarts', 'age', 'reason'], rows.map(cells));
    line(`\n${ready} of ${rows.length} components ready`);
  }
  if (ready < rows.length) process.exitCode = 1;
});

const cells = (row: StatusRow): readonly (string | number)[] => [
  row.component,
  row.zone,
  `${row.ready}/${row.wanted}`,
  row.image,
  row.restarts,
  age(row.ageSeconds),
  row.reason,
];
