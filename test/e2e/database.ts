/** A service's database in the cluster, and the verbs that back it up and restore it. */
import { readFileSync } from 'node:fs';
import { expect } from 'vitest';
import { z } from 'zod';
import { eventually, kubectl, kubectlInput, NAMESPACE, platform, ROOT } from './support.ts';

export const SERVICE = 'analytics';
export const DATABASE = 'analytics_db';
export const FINGERPRINT = readFileSync(`${ROOT}/charts/backup/scripts/fingerprint.sql`, 'utf8');

/** Runs it and returns what it printed as JSON. */
export async function platformJson<T>(schema: z.ZodType<T>, ...args: readonly string[]): Promise<T> {
  const { exitCode, stdout, stderr } = await platform(...args, '--json');
  expect(exitCode, String(stderr)).toBe(0);
  return schema.parse(JSON.parse(String(stdout)));
}

const comparison = z.object({
  id: z.string(),
  ageSeconds: z.number(),
  restoredInSeconds: z.number(),
  tables: z.array(z.object({ name: z.string(), restored: z.number(), verdict: z.string() })),
});
const backups = z.tuple([z.object({ id: z.string(), bytes: z.number(), verified: comparison.optional() })]);
export const restored = comparison.extend({ recoverySeconds: z.number(), safety: z.string().optional() });

const PSQL =
  'PGPASSWORD=$(head -n 1 /run/secrets/postgres/superuser-password) PGTZ=UTC exec psql --no-psqlrc --quiet --tuples-only --no-align --set ON_ERROR_STOP=1 --host 127.0.0.1 --username postgres --dbname "$1"';

/** Runs SQL in the service's PostgreSQL, as its administrator. */
export const sql = (text: string, database = DATABASE): string =>
  kubectlInput(
    text,
    ...['exec', '--stdin', '-n', NAMESPACE, `postgres-${SERVICE}-0`, '-c', 'postgresql', '--'],
    ...['bash', '-c', PSQL, 'psql', database],
  ).trim();

export const fingerprint = (): string => sql(FINGERPRINT);
export const databases = (): readonly string[] =>
  sql('SELECT datname FROM pg_database WHERE NOT datistemplate ORDER BY 1', 'postgres').split('\n');
export const newBackup = async (...args: readonly string[]) =>
  (await platformJson(backups, 'backup', SERVICE, ...args))[0];
export const restore = (id: string) => platformJson(restored, 'restore', SERVICE, '--from', id, '--yes');

/** Expects no remains of a restore, and a running service. */
export async function expectTidy(): Promise<void> {
  expect(databases()).toEqual([DATABASE, 'postgres']);
  expect(kubectl('get', 'configmap', '-n', NAMESPACE, '-o', 'name')).not.toContain(`restore-${SERVICE}`);
  await eventually(120, () => {
    const ready = kubectl(
      'get',
      'deploy',
      SERVICE,
      '-n',
      NAMESPACE,
      '-o',
      'jsonpath={.status.readyReplicas}',
    );
    expect(ready).toBe('1');
  });
}
