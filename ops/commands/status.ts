import { type AlertRow, alertRows } from '../core/alerts.ts';
import { messageOf } from '../core/failure.ts';
import { deployedRelease } from '../core/release.ts';
import { age, type StatusRow, statusRows } from '../core/status.ts';
import { pod, workload } from '../core/workloads.ts';
import { withAlertmanager } from '../steps/alertmanager.ts';
import { readReleases } from '../steps/releases.ts';
import type { LivePlatform } from '../steps/target.ts';
import { type ClusterOptions, liveOf, verb, withCluster } from './options.ts';
import { json, line, table } from './print.ts';

interface Options extends ClusterOptions {
  readonly json?: boolean;
}

export const status = withCluster(
  verb(
    'status',
    'show each component (ready, image, restarts, age) and the alerts; exit status 1 when one is not ready',
    './platform status --json',
  ).option('--json', 'print components, release and alerts as JSON'),
).action(async (options: Options) => {
  const live = await liveOf(options);
  const { kubectl, config, topology } = live;
  const [workloads, pods, releases, alerts] = await Promise.all([
    kubectl.workloads(workload, config),
    kubectl.pods(pod, config.environment),
    readReleases(live),
    alertsOf(live),
  ]);
  const rows = statusRows(config, topology, { workloads, pods }, new Date());
  const ready = rows.filter((row) => row.ok).length;
  const release = deployedRelease(releases);
  if (options.json) json({ components: rows, release: release?.revision ?? null, ...alerts });
  else {
    table(['component', 'zone', 'ready', 'image', 'restarts', 'age', 'reason'], rows.map(cells));
    line(`\n${ready} of ${rows.length} components ready`);
    if (release) line(`release ${release.revision}, ${release.action}, of ${release.source}`);
    printAlerts(alerts);
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

/** The firing alerts, or why they are unknown. */
type Alerts = { readonly alerts: readonly AlertRow[] } | { readonly alerts: null; readonly unknown: string };

/** A failing Alertmanager must not hide the components, because it is one of them. */
async function alertsOf(live: LivePlatform): Promise<Alerts> {
  if (!live.config.monitoring.enabled) return { alerts: null, unknown: 'monitoring.enabled is false' };
  try {
    const found = await withAlertmanager(live, (alertmanager) => alertmanager.alerts());
    return { alerts: alertRows(found, new Date()) };
  } catch (error) {
    return { alerts: null, unknown: messageOf(error) };
  }
}

function printAlerts(found: Alerts): void {
  if (found.alerts === null) line(`alerts: not known, ${found.unknown}`);
  else if (found.alerts.length === 0) line('no alert fires');
  else {
    line();
    table(['alert', 'severity', 'about', 'for', 'what'], found.alerts.map(alertCells));
    line('\nwhat to do: ./platform runbook ALERT, or docs/runbooks/ALERT.md');
  }
}

const alertCells = (row: AlertRow): readonly string[] => [
  row.alert,
  row.silenced ? `${row.severity}, silenced` : row.severity,
  row.about,
  age(row.ageSeconds),
  row.summary,
];
