import { databaseTestOf } from '../../charts/graph/model.ts';
import { checkDatabases, withDatabase } from '../core/cluster-tests.ts';
import { type DatabaseTest, testDatabases } from '../steps/cluster-tests.ts';
import { checkTools } from '../tools/check-tools.ts';
import { type ClusterOptions, targetOf, verb, withCluster } from './options.ts';
import { json, line, table } from './print.ts';
import { showing } from './progress.ts';

interface Options extends ClusterOptions {
  readonly dryRun?: boolean;
  readonly json?: boolean;
}

export const databaseTest = withCluster(
  verb(
    'database-test',
    'connect to the databases as their services do: schema, settings, a write that is rolled back',
    './platform database-test security --env staging --context staging',
  )
    .argument('[services...]', 'services whose databases are meant (default: all)')
    .option('--dry-run', 'show what would be tested')
    .option('--json', 'print the result as JSON'),
).action(async (names: readonly string[], options: Options) => {
  const target = await targetOf(options);
  const due = withDatabase(target.services, names);
  if (options.dryRun) {
    const jobs = due.map(({ name }) => ({ service: name, cronJob: databaseTestOf(name) }));
    if (options.json) json(jobs);
    else for (const { service, cronJob } of jobs) line(`would test the database of ${service} (${cronJob})`);
    return;
  }
  await checkTools(['kubectl']);
  await target.kubectl.reach();
  const tests = await showing(options, {
    title: `Test the databases of ${due.map(({ name }) => name).join(', ')}`,
    work: (say) => testDatabases(target, due, (service, text) => say(`${service}: ${text}`)),
  });
  if (options.json) json(tests);
  else print(tests);
  checkDatabases(tests);
});

const print = (tests: readonly DatabaseTest[]): void =>
  table(
    ['service', 'database', 'server', 'schema', 'connections', 'ms', 'verdict'],
    tests.map((one) => [
      one.service,
      one.database,
      one.server,
      one.revisions?.join(', ') ?? 'none',
      `${one.connections} of ${one.settings.max_connections ?? '-'}`,
      one.milliseconds,
      one.problems.length === 0 ? 'ok' : one.problems.join('; '),
    ]),
  );
