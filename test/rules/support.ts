/** The rendered rules, and promtool, which checks them. */
import { spawnSync } from 'node:child_process';
import { execa } from 'execa';
import type { ConfigOverride } from '../../charts/config/environments.ts';
import type { ServiceSpec } from '../../charts/graph/model.ts';
import type { PrometheusRuleEntry } from '../../imports/monitoring.coreos.com.ts';
import { render } from '../support/objects.ts';

export interface Group {
  readonly name: string;
  readonly rules: readonly PrometheusRuleEntry[];
}

/** Every part with alerts is on. Prometheus evaluates rules once a minute, as promtool does. */
export const EVERYTHING: ConfigOverride = {
  monitoring: { scrapeSeconds: 60, remoteWrite: { url: 'https://metrics.example.com/write' } },
};
export const CLOUD_NATIVE_PG: ConfigOverride = {
  databases: { engine: 'cloudnative-pg', walArchive: 's3://backups/platform' },
};

export const groupsOf = (
  environment: string,
  overrides: readonly ConfigOverride[] = [],
  services?: readonly ServiceSpec[],
): readonly Group[] =>
  render(environment, overrides, services)
    .filter(({ kind }) => kind === 'PrometheusRule')
    .flatMap(({ spec }): readonly Group[] => spec.groups);

export interface AlertEntry extends PrometheusRuleEntry {
  readonly alert: string;
}

export const alertsOf = (groups: readonly Group[]): readonly AlertEntry[] =>
  groups.flatMap(({ rules }) =>
    rules.flatMap((rule) => (rule.alert === undefined ? [] : [{ ...rule, alert: rule.alert }])),
  );

/** In CI a missing promtool is an error, because nothing else checks the rules. */
export const HAS_PROMTOOL =
  spawnSync('promtool', ['--version']).error === undefined || process.env.CI === 'true';
if (!HAS_PROMTOOL)
  console.warn(
    'promtool is not on PATH: rules are not checked (it is in the package prometheus of Debian and Ubuntu)',
  );

/** promtool's messages about faults; empty when it finds none. */
export async function promtool(...args: readonly string[]): Promise<string> {
  const { exitCode, stdout, stderr } = await execa('promtool', args, { reject: false });
  return exitCode === 0 ? '' : `${stdout}${stderr}`;
}
