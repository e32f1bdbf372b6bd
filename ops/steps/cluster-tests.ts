/** Runs the load test and the database tests in the cluster, and returns their results. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { namespaceOf } from '../../charts/constructs/names.ts';
import { databaseTestOf, LOAD_TEST, type ServiceSpec } from '../../charts/graph/model.ts';
import {
  type DatabaseFound,
  type Expected,
  type LoadResult,
  newestRevision,
  parseFound,
  parseLoadResult,
  problemsOf,
} from '../core/cluster-tests.ts';
import { Failure } from '../core/failure.ts';
import { type CronJob, jobFrom, jobSuffix } from '../core/jobs.ts';
import { ROOT } from '../core/paths.ts';
import { inParallel } from '../tools/parallel.ts';
import { findCronJob, jobLog, removeJob, runJob } from './jobs.ts';
import type { ConfiguredCluster } from './target.ts';

async function templateOf(
  { config, kubectl }: ConfiguredCluster,
  name: string,
  field: string,
): Promise<CronJob> {
  const namespace = namespaceOf(config, 'app');
  const found = await findCronJob(kubectl, namespace, name);
  if (found) return found;
  throw new Failure(
    `the cluster has no CronJob ${namespace}/${name}`,
    `apply the platform with --set ${field}.enabled=true`,
  );
}

/** The table shows the result, so the progress leaves it out. */
const unlessResult =
  (say: (text: string) => void) =>
  (text: string): void => {
    if (!text.startsWith('{')) say(text);
  };

export interface Load {
  /** @default extras.loadTest.vus of the last apply */
  readonly users?: number;
  /** @default extras.loadTest.durationSeconds of the last apply */
  readonly seconds?: number;
}

/** @throws Failure when the test itself failed; crossed thresholds are part of the result. */
export async function runLoadTest(
  target: ConfiguredCluster,
  { users, seconds }: Load,
  say: (text: string) => void,
): Promise<LoadResult> {
  const { kubectl } = target;
  const template = await templateOf(target, LOAD_TEST, 'extras.loadTest');
  const env = {
    ...(users === undefined ? {} : { VUS: String(users) }),
    ...(seconds === undefined ? {} : { DURATION_SECONDS: String(seconds) }),
  };
  const job = jobFrom(template, { suffix: jobSuffix(new Date()), env });
  const title = 'load test';
  try {
    const { log } = await runJob(kubectl, job, { title, report: unlessResult(say) });
    return resultIn(log);
  } catch (error) {
    // k6 fails when a threshold is crossed, which is a result too.
    const result = parseLoadResult(await jobLog(kubectl, job).catch(() => ''));
    if (!result) throw error;
    await removeJob(kubectl, job.metadata);
    return result;
  }
}

function resultIn(log: string): LoadResult {
  const result = parseLoadResult(log);
  if (!result) throw new Failure('load-test: the test left no result', 'run it again');
  return result;
}

export interface DatabaseTest extends DatabaseFound {
  readonly service: string;
  readonly problems: readonly string[];
}

/** Parallel Jobs. */
const CONCURRENT = 3;

/** @param report receives the progress of each service's test. */
export async function testDatabases(
  target: ConfiguredCluster,
  services: readonly ServiceSpec[],
  report: (service: string, text: string) => void,
): Promise<readonly DatabaseTest[]> {
  const due = await Promise.all(
    services.map(async ({ name }) => ({
      name,
      expected: {
        rows: target.config.extras.databaseTest.rows,
        revision: newestRevision(name, migrationsOf(name)),
      },
      template: await templateOf(target, databaseTestOf(name), 'extras.databaseTest'),
    })),
  );
  return inParallel(due, CONCURRENT, ({ name, expected, template }) =>
    testDatabase(target, name, expected, template, (text) => report(name, text)),
  );
}

async function testDatabase(
  { kubectl }: ConfiguredCluster,
  service: string,
  expected: Expected,
  template: CronJob,
  say: (text: string) => void,
): Promise<DatabaseTest> {
  const job = jobFrom(template, {
    suffix: jobSuffix(new Date()),
    env: { ROWS: String(expected.rows) },
  });
  const { log } = await runJob(kubectl, job, {
    title: `database test of ${service}`,
    report: unlessResult(say),
  });
  const found = parseFound(service, log);
  return { service, ...found, problems: problemsOf(found, expected) };
}

/** The files of a service's migrations. */
export function migrationsOf(service: string): readonly string[] {
  const folder = join(ROOT, 'services', service, service.replaceAll('-', '_'), 'migrations');
  return readdirSync(folder)
    .filter((name) => /^\d.*\.py$/.test(name))
    .map((name) => readFileSync(join(folder, name), 'utf8'));
}
