/** Results of the load test and the database tests, and whether they are right. */
import { z } from 'zod';
import { IMAGES } from '../../charts/config/versions.ts';
import type { ServiceSpec } from '../../charts/graph/model.ts';
import { Failure } from './failure.ts';

const trend = z.looseObject({ med: z.number(), 'p(95)': z.number(), 'p(99)': z.number(), max: z.number() });

const loadResult = z.object({
  users: z.number(),
  seconds: z.number(),
  routes: z.array(
    z.object({
      service: z.string(),
      path: z.string(),
      requests: z.number(),
      /** Share of failed requests. */
      errorRate: z.number(),
      maxErrorRate: z.number(),
      /** Empty when the test made no request. */
      milliseconds: z.union([trend, z.strictObject({})]),
      p95Milliseconds: z.number(),
      ok: z.boolean(),
    }),
  ),
});
export type LoadResult = z.output<typeof loadResult>;
export type LoadedRoute = LoadResult['routes'][number];

/** The result in the log of a load test, its last line of JSON; undefined when the test ended before it. */
export function parseLoadResult(log: string): LoadResult | undefined {
  const line = log
    .split('\n')
    .findLast((text) => text.startsWith('{"users"'))
    ?.trim();
  return line === undefined ? undefined : loadResult.parse(JSON.parse(line));
}

/** A median or a percentile, in milliseconds; undefined when the test made no request. */
export const millisecondsOf = (
  { milliseconds }: LoadedRoute,
  of: 'med' | 'p(95)' | 'p(99)' | 'max',
): number | undefined => ('med' in milliseconds ? milliseconds[of] : undefined);

/** @throws Failure naming the routes that crossed a threshold. */
export function checkLoad({ routes }: LoadResult): void {
  const crossed = routes.filter(({ ok }) => !ok);
  if (crossed.length > 0)
    throw new Failure(
      `load-test: thresholds crossed by ${crossed.map(({ service }) => service).join(', ')}`,
      'see ./platform resources and the dashboards, or change extras.loadTest',
    );
}

const found = z.object({
  database: z.string(),
  server: z.string(),
  /** Newest revision of the schema; several when unmerged branches exist. */
  revisions: z.array(z.string()).nullable(),
  /** Rows the test wrote and read back. */
  read: z.number(),
  /** Whether the test's table still exists. */
  left: z.boolean(),
  milliseconds: z.number(),
  connections: z.number(),
  settings: z.record(z.string(), z.string()),
});
export type DatabaseFound = z.output<typeof found>;

/** The result in a log of the test. @throws Failure when the log has none. */
export function parseFound(service: string, log: string): DatabaseFound {
  const line = log
    .split('\n')
    .findLast((text) => text.startsWith('{'))
    ?.trim();
  if (line === undefined)
    throw new Failure(`database-test: the test of ${service} said nothing`, 'run it again');
  return found.parse(JSON.parse(line));
}

/** Settings without which PostgreSQL could lose committed data or store weak passwords. */
const SETTINGS: Readonly<Record<string, string>> = {
  default_transaction_read_only: 'off',
  fsync: 'on',
  full_page_writes: 'on',
  password_encryption: 'scram-sha-256',
  server_encoding: 'UTF8',
  synchronous_commit: 'on',
};

export interface Expected {
  readonly rows: number;
  /** The newest migration of this checkout. */
  readonly revision: string;
}

/** One line for each problem; empty when all is well. */
export function problemsOf(one: DatabaseFound, { rows, revision }: Expected): readonly string[] {
  const major = IMAGES.postgres.replace(/^.*:(\d+).*$/, '$1');
  const revisions = one.revisions?.join(', ') ?? 'none';
  return [
    ...(one.server.startsWith(`${major}.`) ? [] : [`PostgreSQL ${one.server}, expected ${major}`]),
    ...(revisions === revision ? [] : [`schema at ${revisions}, the newest migration here is ${revision}`]),
    ...(one.read === rows ? [] : [`${one.read} of ${rows} rows read back`]),
    ...(one.left ? ['the table of the test was not dropped'] : []),
    ...Object.entries(SETTINGS)
      .filter(([name, value]) => one.settings[name] !== value)
      .map(([name, value]) => `${name} is ${one.settings[name] ?? 'unknown'}, expected ${value}`),
  ];
}

/** @throws Failure naming every database with a problem. */
export function checkDatabases(
  tests: readonly { readonly service: string; readonly problems: readonly string[] }[],
): void {
  const wrong = tests.filter(({ problems }) => problems.length > 0);
  if (wrong.length > 0)
    throw new Failure(
      `database-test: ${wrong.map(({ service, problems }) => `${service}: ${problems.join(', ')}`).join('; ')}`,
      'see "Load and database tests" in docs/operations.md',
    );
}

/** The named services, or all with a database. @throws Failure for a service without a database. */
export function withDatabase(
  services: readonly ServiceSpec[],
  names: readonly string[],
): readonly ServiceSpec[] {
  const all = services.filter(({ database }) => database);
  const known = all.map(({ name }) => name);
  const unknown = names.find((name) => !known.includes(name));
  if (unknown !== undefined)
    throw new Failure(
      `database-test: "${unknown}" is no service with a database`,
      `expected ${known.join(', ')}`,
    );
  return names.length === 0 ? all : all.filter(({ name }) => names.includes(name));
}

const REVISION = /^revision(?:: [^=]+)? = "([^"]+)"$/m;
const DOWN = /^down_revision(?:: [^=]+)? = "([^"]+)"$/m;

/**
 * The newest of a service's migrations: no other migration builds on it.
 *
 * @param texts the files of its migrations.
 * @throws Failure when there is none, or more than one.
 */
export function newestRevision(service: string, texts: readonly string[]): string {
  const below = new Set(texts.map((text) => DOWN.exec(text)?.[1]));
  const newest = texts.flatMap((text) => REVISION.exec(text)?.[1] ?? []).filter((id) => !below.has(id));
  const [only] = newest;
  if (only === undefined || newest.length > 1)
    throw new Failure(
      `database-test: ${service} has ${newest.length} newest migrations (${newest.join(', ')})`,
      'expected one',
    );
  return only;
}
