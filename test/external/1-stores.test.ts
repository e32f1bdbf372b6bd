/**
 * The platform with databases and Redis of others: PostgreSQL and Redis run encrypted in a namespace that is none of ours,
 * their owner makes the databases with our SQL, and everything of ours works with them:
 *
 *     ./platform build && npm run test:external
 *
 * It needs psql, and makes the cluster itself.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { REDIS } from '../../charts/graph/model.ts';
import { connection, inAssistant } from '../e2e/assistant.ts';
import { query } from '../e2e/prometheus.ts';
import {
  CONTEXT,
  call,
  ENVIRONMENT,
  eventually,
  logIn,
  PASSWORD,
  patiently,
  type Run,
  type Session,
  signIn,
  timed,
  topology,
  VALUES,
} from '../e2e/support.ts';
import { succeeded } from '../e2e/verbs.ts';
import {
  addressOf,
  CLUSTER_CONFIG,
  ELSEWHERE,
  makeCluster,
  namesOf,
  ownersRedis,
  ownersRows,
  removeCluster,
  runAsOwner,
  startStores,
} from './elsewhere.ts';

const MINUTES = 60_000;
const SERVICE = 'user-management';
const WITH_DATABASE = topology.services.filter(({ database }) => database);
const STORES = [...WITH_DATABASE.map(({ name }) => `postgres-${name}`), REDIS];
const USERS = WITH_DATABASE.map(({ database }) => database?.user ?? '');

let narrowed: readonly string[] = [];

/** The command about this environment, on this cluster. */
const platform = (verb: readonly string[], ...more: readonly string[]): Promise<Run> =>
  timed(...verb, ...more, '--values', VALUES, ...narrowed);
const onCluster = ['--env', ENVIRONMENT, '--context', CONTEXT];

beforeAll(async () => {
  makeCluster();
  await startStores();
  narrowed = (
    [
      ['databases', 'postgres'],
      ['redis', 'redis'],
    ] as const
  ).flatMap(([field, server]) => ['--set', `${field}.external.cidrs=["${addressOf(server)}/32"]`]);
  await succeeded(platform(['secrets', 'create', ENVIRONMENT], '--context', CONTEXT));
  const { stdout } = await succeeded(platform(['config', '--database-sql'], '--env', ENVIRONMENT));
  runAsOwner(stdout);
  const up = await succeeded(
    platform(['up', '--no-build'], '--cluster-config', CLUSTER_CONFIG, '--timeout=900'),
  );
  console.info(`up with stores of others: ${up.seconds} s`);
}, 30 * MINUTES);
afterAll(() => {
  removeCluster();
}, 2 * MINUTES);

describe('stores of others', () => {
  let session: Session;

  it('are not ours: no StatefulSet, Service or volume in their place', () => {
    expect(STORES.length).toBeGreaterThan(5);
    expect(namesOf('statefulsets')).toEqual([]);
    expect(namesOf('services').filter((name) => STORES.includes(name))).toEqual([]);
    expect(namesOf('persistentvolumeclaims').filter((name) => name.startsWith('data-'))).toEqual([]);
    expect(namesOf('deployments')).toEqual(expect.arrayContaining(STORES));
  });

  it('serve a user: register, log in, chat', async () => {
    session = await signIn();
    const chat = await call('/ai/chat', { method: 'POST', token: session.token, body: { message: 'Hello' } });
    expect(chat.status, chat.text).toBe(200);
    const read = await call(`/api/users/${session.id}`, { token: session.token });
    expect(read.status, read.text).toBe(200);
  });

  it('are asked in cipher only, by every service', () => {
    const sessions =
      "FROM pg_stat_ssl JOIN pg_stat_activity USING (pid) WHERE client_addr IS NOT NULL AND client_addr <> '127.0.0.1'";
    expect(ownersRows(`SELECT DISTINCT usename ${sessions} AND ssl`)).toEqual(expect.arrayContaining(USERS));
    expect(ownersRows(`SELECT usename ${sessions} AND NOT ssl`)).toEqual([]);
    expect(Number(ownersRedis('DBSIZE'))).toBeGreaterThan(0);
  });

  it('are believed with the authority of their owner only', () => {
    const ask = (update: string): string =>
      inAssistant(`
import asyncio, ssl
from sqlalchemy import text
from ai_assistant.settings import Settings
from assistants_common.database import Database, build_engine
async def main():
    database = Database(build_engine(Settings().model_copy(update=${update}), 'authority-test'))
    try:
        async with database.session() as session:
            print(await session.scalar(text('SELECT current_database()')))
    except ssl.SSLCertVerificationError:
        print('not believed')
    finally:
        await database.dispose()
asyncio.run(main())`);
    expect(ask('{}')).toBe('ai_assistant_db');
    expect(ask("{'postgres_ca_file': None}")).toBe('not believed');
    expect(ask(`{'postgres_host': '${addressOf('postgres')}'}`)).toBe('not believed');
  });

  it('are the only servers out there that a pod of ours reaches', () => {
    expect(connection(addressOf('postgres'), 5432)).toBe('open');
    expect(connection(addressOf('redis'), 6379)).toBe('open');
    // The same port, the same namespace, another address.
    expect(connection(addressOf('other'), 6379)).toBe('closed');
    expect(connection(`other.${ELSEWHERE}.svc.cluster.local`, 6379)).toBe('closed');
  });

  it('are watched by exporters under their names', { timeout: 5 * MINUTES }, async () => {
    await eventually(180, () => {
      const up = [...query('pg_up == 1'), ...query('redis_up == 1')].map(({ metric }) => metric.job);
      expect(up.toSorted()).toEqual([...STORES].toSorted());
    });
    expect(query('ALERTS{alertname=~"DatabaseDown|RedisDown|DatabaseMetricsFail"}')).toEqual([]);
    expect(query('pg_wal_size_bytes').length).toBeGreaterThan(0);
  });

  it('are backed up and restored by the same jobs: a user of before is there, one of after is not', {
    timeout: 20 * MINUTES,
  }, async () => {
    const backup = await succeeded(platform(['backup', SERVICE], '--verify', ...onCluster));
    expect(backup.stdout).toMatch(/user_management_db-\d{8}T\d{6}Z/);
    const later = await signIn();
    const restored = await succeeded(
      platform(['restore', SERVICE], '--from', 'latest', '--yes', ...onCluster),
    );
    console.info(`backed up in ${backup.seconds} s, restored in ${restored.seconds} s`);
    expect((await logIn(session.email)).id).toBe(session.id);
    const gone = await patiently('/auth/login', { email: later.email, password: PASSWORD });
    expect(gone.status).toBe(401);
    expect(ownersRows("SELECT datname FROM pg_database WHERE datname ~ 'restoring|replaced'")).toEqual([]);
  });

  it('have verbs that say what their owner does', async () => {
    for (const [verb, said] of [
      [['database', SERVICE, '-c', 'select 1'], /databases\.engine is external.* use psql /],
      [['redis', 'PING'], /redis\.engine is external.* use redis-cli --tls /],
    ] as const) {
      const { exitCode, stderr } = await platform(verb, ...onCluster);
      expect([exitCode, stderr]).toEqual([1, expect.stringMatching(said)]);
    }
    const status = await succeeded(platform(['status'], ...onCluster));
    for (const name of STORES) expect(status.stdout).toContain(name);
  });
});
