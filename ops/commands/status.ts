import { deployedRelease } from '../core/release.ts';
import { age, type StatusRow, statusRows } from '../core/status.ts';
import { pod, workload } from '../core/workloads.ts';
import { readReleases } from '../steps/releases.ts';
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
  const live = await liveOf(options);
  const { kubectl, config, topology } = live;
  const [workloads, pods, releases] = await Promise.all([
    kubectl.workloads(workload, config.environment),
    kubectl.pods(pod, config.environment),
    readReleases(live),
  ]);
  const rows = statusRows(config, topology, { workloads, pods }, new Date());
  const ready = rows.filter((row) => row.ok).length;
  if (options.json) json(rows);
  else {
    table(['component', 'zone', 'ready', 'image', 'restarts', 'age', 'reason'], rows.map(cells));
    line(`\n${ready} of ${rows.length} components ready`);
    const release = deployedRelease(releases);
    if (release) line(`release ${release.revision}, ${release.action}, of ${release.source}`);
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
