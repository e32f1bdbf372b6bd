import { existsSync, readFileSync } from 'node:fs';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { InvalidArgumentError } from 'commander';
import { ALERTMANAGER } from '../../charts/graph/model.ts';
import { ruleGroups } from '../../charts/monitoring/rules/catalog.ts';
import { ruleScope } from '../../charts/monitoring/rules/model.ts';
import {
  alertRows,
  covers,
  durationSeconds,
  type Matcher,
  matcherText,
  newSilence,
  parseMatchers,
  type Silence,
} from '../core/alerts.ts';
import { contextOf } from '../core/cluster.ts';
import { Failure } from '../core/failure.ts';
import { ROOT } from '../core/paths.ts';
import { filled, labelsOf, placesOf } from '../core/runbook.ts';
import { age } from '../core/status.ts';
import { type Alertmanager, withAlertmanager } from '../steps/alertmanager.ts';
import { type ConfirmOptions, confirm } from './confirm.ts';
import {
  type ClusterOptions,
  confirmation,
  liveFrom,
  type Setup,
  setupOf,
  verb,
  withCluster,
} from './options.ts';
import { json, line, table } from './print.ts';

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

interface Options extends ClusterOptions, ConfirmOptions {
  readonly for: number;
  readonly comment: string;
  readonly expire?: string;
  readonly dryRun?: boolean;
  readonly json?: boolean;
}

export const silence = withCluster(
  verb(
    'silence',
    'silence an alert for a time; without an alert, list the silences',
    './platform silence DatabaseDown service=security --for 30m --comment "new volume"',
  )
    .argument(
      '[matcher...]',
      'names of alerts, and labels: name=value, name!=value, name=~pattern, name!~pattern',
    )
    .option('--for <duration>', 'how long, such as 30m, 2h, 3d', duration, 7200)
    .option('--comment <text>', 'the reason, shown in the list', 'by ./platform silence')
    .option('--expire <id>', 'end a silence now')
    .option('--dry-run', 'only list the alerts it would cover')
    .option('--json', 'the list, or the new silence, as JSON')
    .addOption(confirmation()),
)
  .addHelpText(
    'after',
    '  $ ./platform silence\n  $ ./platform silence --expire 0f8fad5b-d9cb-469f-a165-70867728950e\n\n--for is 2h unless told. A silence covers alerts all of its matchers fit. It ends by itself.',
  )
  .action(async (words: readonly string[], options: Options) => {
    if (options.expire !== undefined && words.length > 0)
      throw new Failure(`silence: --expire ends one, "${words[0]}" would begin another`, 'leave one out');
    const setup = await setupOf(options);
    if (!setup.config.monitoring.enabled)
      throw new Failure('silence: monitoring.enabled is false, so there is no Alertmanager');
    const matchers = parseMatchers(words, alertNames(setup));
    const live = await liveFrom(setup, options);
    await withAlertmanager(live, async (alertmanager) => {
      if (options.expire !== undefined) return expire(alertmanager, options.expire, options);
      return words.length === 0 ? list(alertmanager, options) : begin(alertmanager, matchers, options);
    });
  });

function duration(text: string): number {
  const found = durationSeconds(text);
  if (found === undefined) throw new InvalidArgumentError('expected a duration such as 30m, 2h or 3d.');
  return found;
}

const alertNames = ({ config, topology }: Setup): readonly string[] =>
  ruleGroups(ruleScope(config, topology)).flatMap(({ alerts = [] }) => alerts.map((one) => one.alert));

async function list(alertmanager: Alertmanager, options: Options): Promise<void> {
  const found = await alertmanager.silences();
  if (options.json) return json(found);
  if (found.length === 0) return line('No silence is in force.');
  table(['id', 'state', 'until', 'covers', 'by', 'comment'], found.map(cells));
}

const cells = ({ id, status, endsAt, matchers, createdBy, comment }: Silence): readonly string[] => [
  id,
  status.state,
  endsAt,
  matchers.map(matcherText).join(' '),
  createdBy,
  comment,
];

async function begin(
  alertmanager: Alertmanager,
  matchers: readonly Matcher[],
  options: Options,
): Promise<void> {
  const firing = (await alertmanager.alerts()).filter((one) => covers(matchers, one));
  const what = matchers.map(matcherText).join(' ');
  if (!options.json) {
    line(`${what}: fits ${firing.length} that fire now`);
    for (const row of alertRows(firing, new Date()))
      line(`  ${row.severity} ${row.alert} ${row.about}, for ${age(row.ageSeconds)}`);
  }
  if (options.dryRun) return;
  await confirm('silence', `Silence ${what} for ${age(options.for)}?`, options);
  const by = { createdBy: userInfo().username, comment: options.comment };
  const wanted = newSilence(matchers, options.for, by, new Date());
  const id = await alertmanager.create(wanted);
  if (options.json) json({ id, ...wanted });
  else line(`Silence ${id} until ${wanted.endsAt}. It ends before with --expire ${id}`);
}

async function expire(alertmanager: Alertmanager, id: string, options: Options): Promise<void> {
  const found = (await alertmanager.silences()).find((one) => one.id === id);
  if (!found)
    throw new Failure(
      `silence: "${id}" is no silence of ${ALERTMANAGER} in force`,
      'list them: ./platform silence',
    );
  const what = found.matchers.map(matcherText).join(' ');
  if (options.dryRun) return line(`would end the silence of ${what}`);
  await confirm('silence', `End the silence of ${what}?`, options);
  await alertmanager.expire(id);
  line(`Silence of ${what} has ended.`);
}
