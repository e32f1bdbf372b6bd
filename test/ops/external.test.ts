/** Verbs where databases and Redis are servers of others: what has no pod is refused or left out, with what to do. */
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { topologyOf } from '../../charts/app.ts';
import { toYaml } from '../../charts/constructs/yaml.ts';
import { SERVICES } from '../../charts/topology.ts';
import { flushStores } from '../../ops/commands/shut-down.ts';
import { forwardables } from '../../ops/core/components.ts';
import { authorities, checkExternalStores, setupSql } from '../../ops/core/external.ts';
import { Kubectl } from '../../ops/tools/kubectl.ts';
import { commandLine } from '../support/command.ts';
import { EXTERNAL } from '../support/everything.ts';
import { configOf, find, render, WITH_DATABASE } from '../support/objects.ts';

const config = configOf('dev', [EXTERNAL]);
const WORKLOAD = {
  kind: 'Deployment',
  metadata: {
    name: 'redis',
    namespace: 'assistants',
    generation: 1,
    creationTimestamp: '2026-01-01T00:00:00Z',
  },
  spec: {
    selector: { matchLabels: {} },
    template: { spec: { containers: [{ name: 'exporter', image: 'exporter:1' }] } },
  },
  status: { observedGeneration: 1, replicas: 1, readyReplicas: 1, updatedReplicas: 1 },
};
const SECURITY = 'security';

let folder = '';
const at = (name: string): string => join(folder, name);
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'external-'));
  writeFileSync(at('values.yaml'), toYaml(EXTERNAL));
});
beforeEach(() => {
  rmSync(at('calls'), { force: true });
  const cronJob = JSON.stringify(find(render('dev', [EXTERNAL]), 'CronJob', 'backup-security'));
  const job =
    '{"status":{"startTime":"2026-01-01T00:00:00Z","completionTime":"2026-01-01T00:00:01Z","conditions":[{"type":"Complete","status":"True"}]}}';
  const text = `#!/bin/bash
echo "$*" >>'${at('calls')}'
case "$*" in
  'version --client') echo 'Client Version: v1.34.0' ;;
  *'get cronjob'*) echo '${cronJob}' ;;
  *'get job'*) echo '${job}' ;;
  *'get secrets'*) ;;
  *'get deployments'*) echo '${JSON.stringify({ kind: 'List', items: [WORKLOAD] })}' ;;
  *get*) echo '{"kind":"List","items":[]}' ;;
  *logs*) echo 'backup of security_db: 10 bytes, 2 tables, /backups/security_db-20260101T021500Z.dump' ;;
esac
`;
  writeFileSync(at('kubectl'), text);
  chmodSync(at('kubectl'), 0o755);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const calls = (): string => (existsSync(at('calls')) ? readFileSync(at('calls'), 'utf8') : '');
const platform = (...args: readonly string[]) =>
  commandLine([...args, '--values', at('values.yaml')], {
    cwd: folder,
    env: { PATH: `${folder}:${process.env.PATH}` },
  });

describe('verbs that work in a pod of the store', () => {
  it.each([
    [
      ['database', SECURITY],
      "databases.engine is external, so audit.example.com:6432 has no pod here; use psql 'host=audit.example.com port=6432 dbname=audit user=auditor sslmode=verify-full'",
    ],
    [
      ['redis', 'PING'],
      'redis.engine is external, so redis.example.com:6380 has no pod here; use redis-cli --tls -h redis.example.com -p 6380, or what its owner offers',
    ],
    [
      ['restore', 'redis', '--from', 'redis-20260101T000000Z.rdb', '--yes'],
      'restore: redis.engine is external, so redis.example.com:6380 has no pod here',
    ],
  ])('%j is refused, and nothing was done', async (args, message) => {
    const { exitCode, stderr } = await platform(...args);
    expect(stderr).toContain(message);
    expect(exitCode).toBe(1);
    expect(calls()).not.toMatch(/exec|create|delete|scale/);
  });
  it.each(['postgres-security-app', 'postgres-security-exporter', 'redis'])(
    '%s is not rotated: the server has to change first',
    async (name) => {
      const { exitCode, stderr } = await platform('secrets', 'rotate', 'dev', name, '--yes');
      expect(stderr).toContain(
        `secrets rotate: ${name} cannot be rotated; the server is not ours: docs/external-stores.md`,
      );
      expect([exitCode, calls()]).toEqual([1, '']);
    },
  );
  it('stop flushes no store', async () => {
    process.env.PATH = `${folder}:${process.env.PATH}`;
    const cluster = { kubectl: new Kubectl('kind-x'), config, topology: topologyOf(config) };
    expect(await flushStores(cluster)).toEqual([]);
    expect(calls()).not.toContain('exec');
  });
  it('monitor has no port of Redis to forward', () => {
    const redis = (of: typeof config) =>
      forwardables(of, topologyOf(of)).find(({ component }) => component === 'redis')?.port;
    expect([redis(configOf('dev')), redis(config)]).toEqual([6379, undefined]);
  });
  it('a restart of an exporter asks no question: no client notices', async () => {
    const own = await commandLine(['restart', 'redis'], {
      cwd: folder,
      env: { PATH: `${folder}:${process.env.PATH}` },
    });
    expect(own.stderr).toMatch(/^error: restart: .*--yes/);
    expect(calls()).not.toContain('rollout restart');
    await platform('restart', 'redis', '--timeout', '1');
    expect(calls()).toContain('rollout restart deployment/redis');
  });
});

describe('a backup of everything', () => {
  it('says that the owner of Redis saves it', async () => {
    const { stdout, exitCode } = await platform('backup', '--all', '--dry-run');
    expect(exitCode).toBe(0);
    expect(stdout).toMatch(
      /would save the names of the Secrets and the release \(not Redis: redis\.engine is external\) into backups\/dev-/,
    );
  });
});

describe('the checks of deploy', () => {
  const authority = { kind: 'configmap', name: 'stores-authority', key: 'stores.pem' } as const;
  it('name the servers, and an authority that is not in the cluster', () => {
    const together = SERVICES.filter(({ name, database }) => database && name !== 'security');
    const names = together.map(({ name }) => name).join(', ');
    expect(authorities(config, SERVICES)).toEqual([authority]);
    expect(checkExternalStores(config, SERVICES, [])).toEqual([
      {
        name: 'External stores',
        result: 'unverified',
        detail: `databases.example.com:6432 (${names}), audit.example.com:6432 (security), redis.example.com:6380 (Redis): the rollout shows whether they answer`,
      },
    ]);
    expect(checkExternalStores(config, SERVICES, [authority])).toMatchObject([
      {
        result: 'problem',
        detail:
          'configmap assistants/stores-authority with stores.pem is missing: the authority of an external server',
      },
    ]);
  });
  it('have nothing to say of our own', () => {
    const own = configOf('dev');
    expect([authorities(own, SERVICES), checkExternalStores(own, SERVICES, [])]).toEqual([[], []]);
  });
  it('validate asks the cluster for them', async () => {
    await platform('validate', 'dev');
    expect(calls()).toContain('get configmap stores-authority --namespace=assistants --ignore-not-found');
  });
});

describe('--database-sql', () => {
  it('is for one server at a time: psql stays where it was started', async () => {
    const { stderr, exitCode } = await platform('config', '--database-sql');
    expect(stderr).toContain(
      '--database-sql: the databases are on databases.example.com:6432 and audit.example.com:6432; name one service at a time: --database-sql ai-assistant',
    );
    expect(exitCode).toBe(1);
  });
  it('names roles and database of the service, and no password', async () => {
    const { stdout, exitCode } = await platform('config', '--database-sql', SECURITY);
    expect(exitCode).toBe(0);
    for (const line of ["\\set database 'audit'", "\\set app_user 'auditor'", "\\set admin 'auditor_admin'"])
      expect(stdout.split('\n')).toContain(line);
    expect(stdout.match(/`kubectl get secret postgres-security-\w+ --namespace=assistants/g)).toHaveLength(3);
    expect(stdout).not.toMatch(/PASSWORD '/);
  });
  it('has every database of one server, and no role that restores without backups', () => {
    const { services: _, ...rest } = EXTERNAL;
    const sql = setupSql(configOf('dev', [rest, { backups: { enabled: false } }]), SERVICES);
    expect(sql.match(/^CREATE DATABASE/gm)).toHaveLength(WITH_DATABASE.length);
    expect(sql).not.toContain('CREATEDB');
  });
  it.each([
    [
      'a service without a database',
      [EXTERNAL],
      'api-gateway',
      /"api-gateway" has no database; expected ai-assi/,
    ],
    ['another engine', [], undefined, /databases\.engine is statefulset, whose databases the platform makes/],
  ])('%s is refused', (_, overrides, service, message) => {
    expect(() => setupSql(configOf('dev', overrides), SERVICES, service)).toThrow(message);
  });
});
