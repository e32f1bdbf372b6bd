import { InvalidArgumentError } from 'commander';
import { MAX_DURATION_SECONDS, MAX_VUS } from '../../charts/config/extras.ts';
import { loadPlan } from '../../charts/extras/load-script.ts';
import { databaseTestOf } from '../../charts/graph/model.ts';
import {
  checkDatabases,
  checkLoad,
  type LoadedRoute,
  type LoadResult,
  millisecondsOf,
  withDatabase,
} from '../core/cluster-tests.ts';
import { type DatabaseTest, runLoadTest, testDatabases } from '../steps/cluster-tests.ts';
import { checkTools } from '../tools/check-tools.ts';
import { type ClusterOptions, targetOf, verb, withCluster } from './options.ts';
import { json, line, table } from './print.ts';
import { showing } from './progress.ts';

interface DatabaseTestOptions extends ClusterOptions {
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
).action(async (names: readonly string[], options: DatabaseTestOptions) => {
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
  else printFindings(tests);
  checkDatabases(tests);
});

const printFindings = (tests: readonly DatabaseTest[]): void =>
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

interface Options extends ClusterOptions {
  readonly vus?: number;
  readonly duration?: number;
  readonly dryRun?: boolean;
  readonly json?: boolean;
}

const numberUpTo =
  (least: number, most: number) =>
  (text: string): number => {
    const number = Number(text);
    if (!/^\d{1,4}$/.test(text) || number < least || number > most)
      throw new InvalidArgumentError(`expected a number from ${least} to ${most}.`);
    return number;
  };

export const loadTest = withCluster(
  verb(
    'load-test',
    'read from every service under load, from inside the cluster; exit status 1 when a threshold is crossed',
    './platform load-test --env staging --context staging --vus 20 --duration 120',
  )
    .option(
      '--vus <number>',
      'virtual users (default: extras.loadTest.vus, as applied)',
      numberUpTo(1, MAX_VUS),
    )
    .option(
      '--duration <seconds>',
      'how long (default: extras.loadTest.durationSeconds, as applied)',
      numberUpTo(5, MAX_DURATION_SECONDS),
    )
    .option('--dry-run', 'show what would be asked')
    .option('--json', 'print the result as JSON'),
).action(async (options: Options) => {
  const target = await targetOf(options);
  if (options.dryRun) {
    const plan = loadPlan(target.config, target.topology);
    if (options.json) json(plan);
    else for (const { service, path } of plan.routes) line(`would ask ${service} for ${plan.target}${path}`);
    return;
  }
  await checkTools(['kubectl']);
  await target.kubectl.reach();
  const load = {
    ...(options.vus === undefined ? {} : { users: options.vus }),
    ...(options.duration === undefined ? {} : { seconds: options.duration }),
  };
  const result = await showing(options, {
    title: 'Load test',
    work: (say) => runLoadTest(target, load, say),
  });
  if (options.json) json(result);
  else print(result);
  checkLoad(result);
});

function print({ users, seconds, routes }: LoadResult): void {
  const requests = routes.reduce((sum, route) => sum + route.requests, 0);
  line(`\n${users} users, ${seconds} s, ${requests} requests\n`);
  table(
    [
      'service',
      'path',
      'requests',
      'wrong %',
      'at most',
      'median ms',
      'p95 ms',
      'at most',
      'p99 ms',
      'verdict',
    ],
    routes.map(row),
    2,
  );
}

const percent = (share: number): string => (share * 100).toFixed(2);

function row(route: LoadedRoute): readonly (string | number)[] {
  const took = (of: 'med' | 'p(95)' | 'p(99)'): string => millisecondsOf(route, of)?.toFixed(1) ?? '-';
  return [
    route.service,
    route.path,
    route.requests,
    percent(route.errorRate),
    percent(route.maxErrorRate),
    took('med'),
    took('p(95)'),
    route.p95Milliseconds,
    took('p(99)'),
    route.ok ? 'ok' : 'crossed',
  ];
}
