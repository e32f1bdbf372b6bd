/** Writes the documents' tables of objectives, alerts, dashboards and tests; with --check only compares. */
import { topologyOf } from '../charts/app.ts';
import { resolveConfig } from '../charts/config/resolve.ts';
import { dashboards } from '../charts/monitoring/dashboards/all.ts';
import { ruleGroups } from '../charts/monitoring/rules/catalog.ts';
import { type Alert, ruleScope } from '../charts/monitoring/rules/model.ts';
import { objectiveOf, objects } from '../charts/monitoring/rules/objectives.ts';
import { CASES, CLOUD_NATIVE_PG_CASES } from '../test/rules/cases/index.ts';
import { updateBlock } from './generated-block.ts';
import { markdownTable } from './markdown.ts';

const FILE = 'docs/alerts.md';

/** Production with every part on, once with each database engine: together they have every alert. */
const environments = [
  { monitoring: { remoteWrite: { url: 'https://metrics.example.com/write' } } },
  { databases: { engine: 'cloudnative-pg', walArchive: 's3://backups/platform' } } as const,
].map((override) => resolveConfig('production', [override]));

interface Row extends Alert {
  readonly group: string;
}

const rows = new Map<string, Row>();
for (const config of environments)
  for (const { name: group, alerts = [] } of ruleGroups(ruleScope(config, topologyOf(config))))
    for (const alert of alerts) if (!rows.has(alert.alert)) rows.set(alert.alert, { ...alert, group });

/** Labels as placeholders: `{{ $labels.job }}` is `JOB`. */
const plain = (text: string): string =>
  text.replace(/{{ \$labels\.(\w+) }}/g, (_, label: string) => `\`${label}\``);

const [production] = environments;
if (!production) throw new Error('no environment');
updateBlock(
  FILE,
  'objectives',
  markdownTable(
    ['service', 'available', 'answers in time'],
    objects(topologyOf(production)).map((name) => {
      const { availability, latency } = objectiveOf(name);
      return [`\`${name}\``, `${availability} %`, `${latency.percent} % within ${latency.seconds} s`];
    }),
  ),
);
const count = (severity: string) => [...rows.values()].filter((row) => row.severity === severity).length;
updateBlock(
  FILE,
  'alerts',
  `${rows.size} alerts: ${count('critical')} critical, ${count('warning')} warning, ${count('info')} info.\n\n${markdownTable(
    ['alert', 'severity', 'after', 'group', 'says'],
    [...rows.values()].map(({ alert, severity, for: after = '', group, summary }) => [
      `[${alert}](runbooks/${alert}.md)`,
      severity,
      after,
      group,
      plain(summary),
    ]),
  )}`,
);

const shown = dashboards({ config: production, topology: topologyOf(production) });
const panels = shown.flatMap(({ rows: parts }) => parts.flatMap((part) => part.panels));
const cases = Object.values({ ...CASES, ...CLOUD_NATIVE_PG_CASES });
const total = (of: 'fires' | 'quiet'): number => cases.flatMap<object>((one) => one[of]).length;
updateBlock(
  'docs/monitoring.md',
  'beside kube-prometheus',
  markdownTable(
    ['', 'ours', 'kube-prometheus'],
    [
      ['alerts', `${rows.size}, all about this platform`, '139, about Kubernetes'],
      ['dashboards', `${shown.length}, with ${panels.length} panels`, '33'],
      ['runbook pages', `${rows.size}, in this repository`, ''],
      ['unit tests that must fire', String(total('fires')), ''],
      ['unit tests that must be quiet', String(total('quiet')), ''],
    ],
  ),
);
