import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { contextOf } from '../core/cluster.ts';
import { Failure } from '../core/failure.ts';
import { ROOT } from '../core/paths.ts';
import { filled, labelsOf, placesOf } from '../core/runbook.ts';
import { type ClusterOptions, setupOf, verb, withCluster } from './options.ts';
import { line } from './print.ts';

export const runbook = withCluster(
  verb(
    'runbook',
    'print what to do about an alert, with the commands of an environment',
    './platform runbook ServiceDown service=security --env production --context CONTEXT',
  )
    .argument('<alert>', 'name of an alert, as ./platform status shows it')
    .argument('[label...]', "the alert's labels, which fill the placeholders: service=security"),
).action(async (alert: string, labels: readonly string[], options: ClusterOptions) => {
  const { config } = await setupOf(options);
  const page = pageOf(alert);
  const places = placesOf(config, options.env, contextOf(config, options.context));
  line(filled(page, { ...labelsOf(alert, page, labels), ...places }).trimEnd());
});

function pageOf(alert: string): string {
  const file = join(ROOT, 'docs/runbooks', `${alert}.md`);
  if (/^\w+$/.test(alert) && existsSync(file)) return readFileSync(file, 'utf8');
  throw new Failure(`runbook: "${alert}" has no page`, 'expected the name of an alert of docs/alerts.md');
}
