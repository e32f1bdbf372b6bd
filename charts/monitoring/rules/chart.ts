/** The rules as objects: one PrometheusRule for each group, in the namespace of Prometheus. */
import type { Construct } from 'constructs';
import { PrometheusRule, type PrometheusRuleEntry } from '../../../imports/monitoring.coreos.com.ts';
import { componentLabels } from '../../constructs/names.ts';
import { PlatformChart, type PlatformChartProps } from '../../constructs/platform-chart.ts';
import { componentOf } from '../../graph/build.ts';
import { PROMETHEUS } from '../../graph/model.ts';
import { ruleGroups } from './catalog.ts';
import { type Alert, type Recording, type RuleGroup, ruleScope } from './model.ts';

export class Rules extends PlatformChart {
  constructor(scope: Construct, id: string, props: PlatformChartProps) {
    super(scope, id, props, 'monitoring');
    const labels = componentLabels(props.config, componentOf(props.topology, PROMETHEUS));
    for (const group of ruleGroups(ruleScope(props.config, props.topology)))
      new PrometheusRule(this, group.name, {
        metadata: { name: group.name, labels },
        groups: [{ name: group.name, rules: entriesOf(group, props.config.monitoring.runbooks) }],
      });
  }
}

/** A group in Prometheus' format; recordings come before the alerts that use them. */
export const entriesOf = (
  { recordings = [], alerts = [] }: RuleGroup,
  runbooks: string,
): readonly PrometheusRuleEntry[] => [
  ...recordings.map(recordingEntry),
  ...alerts.map((alert) => alertEntry(alert, runbooks)),
];

const recordingEntry = ({ record, expr, labels }: Recording): PrometheusRuleEntry => ({
  record,
  expr,
  ...(labels ? { labels } : {}),
});

const alertEntry = (alert: Alert, runbooks: string): PrometheusRuleEntry => ({
  alert: alert.alert,
  expr: alert.expr,
  ...(alert.for ? { for: alert.for } : {}),
  labels: { severity: alert.severity },
  annotations: {
    summary: alert.summary,
    description: alert.description,
    runbook_url: `${runbooks}/${alert.alert}.md`,
  },
});
