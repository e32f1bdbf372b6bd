/**
 * A database on a server of others, by programs of PostgreSQL's own (PG_BIN, or Debian's folder): its owner, who is no
 * superuser, runs our SQL; the Jobs' scripts back it up and restore it, encrypted and with its authority.
 */
import { spawnSync } from 'node:child_process';
import { chmodSync, chownSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ConfigOverride } from '../../charts/config/environments.ts';
import { SERVICES } from '../../charts/topology.ts';
import { setupSql } from '../../ops/core/external.ts';
import { certificateFor } from '../support/certificates.ts';
import { configOf, find, type KubeObject, render } from '../support/objects.ts';

const DEBIAN = '/usr/lib/postgresql/15/bin';
const binaries = process.env.PG_BIN ?? (existsSync(DEBIAN) ? DEBIAN : '');
const found = existsSync(join(binaries, 'psql')) && existsSync(join(binaries, 'initdb'));
if (!found) console.warn('no PostgreSQL 15 with psql (PG_BIN): databases of others are not tried');

/** PostgreSQL refuses to run as root. */
const OWNER = process.getuid?.() === 0 ? { uid: 65_534, gid: 65_534 } : {};
const SERVICE = 'security';
const HOST = 'localhost';

const work = mkdtempSync(join(tmpdir(), 'external-'));
const at = (...names: readonly string[]): string => join(work, ...names);
let port = 0;
let objects: readonly KubeObject[] = [];
let sql = '';

interface Run {
  readonly status: number | null;
  readonly output: string;
}

function run(command: readonly string[], env: Readonly<Record<string, string>>, input = ''): Run {
  const [program = '', ...args] = command;
  const { status, stdout, stderr } = spawnSync(program, args, {
    env: { PATH: `${at('bin')}:${binaries}:/usr/bin:/bin`, HOME: work, LC_ALL: 'C.UTF-8', ...env },
    input,
    encoding: 'utf8',
    timeout: 120_000,
  });
  return { status, output: `${stdout}${stderr}` };
}

/** As PostgreSQL's own user, with the server's folder. */
function asOwner(program: string, ...args: readonly string[]): void {
  const { status, stdout, stderr } = spawnSync(join(binaries, program), args, {
    ...OWNER,
    cwd: work,
    env: { PATH: `${binaries}:/usr/bin:/bin`, HOME: work, LC_ALL: 'C.UTF-8' },
    encoding: 'utf8',
    // A server that goes on must not keep a pipe open.
    stdio: program === 'pg_ctl' ? 'ignore' : 'pipe',
  });
  if (status !== 0) throw new Error(`${program}: ${stdout}${stderr}`);
}

const login = (user: string, password: string, database: string, authority = 'ca.crt') => ({
  PGHOST: HOST,
  PGPORT: String(port),
  PGUSER: user,
  PGPASSWORD: password,
  PGDATABASE: database,
  PGSSLMODE: 'verify-full',
  PGSSLROOTCERT: at(authority),
});
const psql = (env: Readonly<Record<string, string>>, text: string): Run =>
  run(['psql', '--no-psqlrc', '--quiet', '--tuples-only', '--no-align', '--set=ON_ERROR_STOP=1'], env, text);
const app = (text: string): Run =>
  psql(login('security_user', 'postgres-security-app!', 'security_db'), text);

const program = (name: string, text: string): void => {
  writeFileSync(at('bin', name), `#!/bin/bash\n${text}\n`);
  chmodSync(at('bin', name), 0o755);
};

/** One of the Jobs' scripts, in the environment of its Job, with this folder in place of its pod's. */
function job(name: string, more: Readonly<Record<string, string>> = {}): Run {
  const [container] = find(objects, 'CronJob', `${name}-${SERVICE}`).spec.jobTemplate.spec.template.spec
    .containers;
  const env: Readonly<Record<string, string>> = Object.fromEntries(
    container.env.map((one: { name: string; value: string }) => [one.name, one.value]),
  );
  const file = env.PGSSLROOTCERT;
  expect(file).toBe(`/run/secrets/${name}/postgres-ca.crt`);
  return run(['bash', at('scripts', `${name}.sh`)], { ...env, PGSSLROOTCERT: at('ca.crt'), ...more });
}

const freePort = (): Promise<number> =>
  new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const place = server.address();
      server.close(() => resolve(typeof place === 'object' ? (place?.port ?? 0) : 0));
    });
  });

/** A server that refuses connections without encryption, and its owner, who may make roles and databases. */
async function startServer(): Promise<void> {
  for (const prefix of ['', 'stranger-']) {
    const issued = await certificateFor(HOST);
    writeFileSync(at(`${prefix}ca.crt`), issued.authority);
    writeFileSync(at(`${prefix}tls.crt`), issued.certificate);
    writeFileSync(at(`${prefix}tls.key`), issued.key, { mode: 0o600 });
  }
  if (OWNER.uid) for (const name of ['.', 'tls.key', 'tls.crt']) chownSync(at(name), OWNER.uid, OWNER.gid);
  asOwner('initdb', `--pgdata=${at('data')}`, '--username=postgres', '--auth=trust', '--no-sync');
  writeFileSync(at('hba.conf'), 'local all all trust\nhostssl all all all scram-sha-256\n');
  const settings = {
    port,
    listen_addresses: '127.0.0.1',
    unix_socket_directories: work,
    hba_file: at('hba.conf'),
    ssl: 'on',
    ssl_cert_file: at('tls.crt'),
    ssl_key_file: at('tls.key'),
    fsync: 'off',
  };
  const options = Object.entries(settings).map(([name, value]) => `-c ${name}=${value}`);
  asOwner(
    'pg_ctl',
    `--pgdata=${at('data')}`,
    '--wait',
    `--log=${at('log')}`,
    `--options=${options.join(' ')}`,
    'start',
  );
  const owner = "CREATE ROLE dba LOGIN CREATEROLE CREATEDB PASSWORD 'owner';\n";
  const { status, output } = psql(
    { PGHOST: work, PGPORT: String(port), PGUSER: 'postgres', PGDATABASE: 'postgres' },
    owner,
  );
  if (status !== 0) throw new Error(output);
}

/** What the pods of the Jobs have: scripts, and folders of their own. */
function makePod(): void {
  const scripts = find(objects, 'ConfigMap', 'backup-scripts').data ?? {};
  for (const [name, text] of Object.entries(scripts))
    writeFileSync(
      at('scripts', name),
      text.replaceAll(/(?<!\w)\/(scripts|backups|inbox|tmp|run)\b/g, `${work}/$1`),
    );
  for (const [folder, secret] of [
    ['backup', 'app'],
    ['restore', 'superuser'],
  ])
    writeFileSync(at('run/secrets', folder ?? '', 'password'), `postgres-security-${secret}!`);
}

/** Runs our SQL. @param lacks a Secret that is not in the cluster. */
const asDba = (lacks = ''): Run =>
  run(
    ['psql', '--no-psqlrc', '--quiet', '--file=-'],
    { ...login('dba', 'owner', 'postgres'), LACKS: lacks },
    sql,
  );

describe.skipIf(!found)('a database on a server of others', () => {
  beforeAll(async () => {
    port = await freePort();
    for (const name of [
      'bin',
      'scripts',
      'backups',
      'inbox',
      'tmp',
      'run/secrets/backup',
      'run/secrets/restore',
    ])
      mkdirSync(at(name), { recursive: true });
    await startServer();
    const override: ConfigOverride = {
      databases: {
        engine: 'external',
        external: {
          host: HOST,
          port,
          cidrs: ['127.0.0.1/32'],
          ca: { secret: 'authority' },
          maxConnections: 1000,
        },
      },
    };
    objects = render('dev', [override]);
    sql = setupSql(configOf('dev', [override]), SERVICES, SERVICE);
    // A password is `SECRET!`, as the cluster has it.
    program(
      'kubectl',
      `case "$*" in
"get secret $LACKS "*) exit 1 ;;
"get secret $3 --namespace=assistants --output=jsonpath={.data.password}") printf '%s!' "$3" | base64 ;;
*) exit 1 ;;
esac`,
    );
    // Jobs wait for a server.
    program('sleep', 'exit 0');
    makePod();
  });
  afterAll(() => {
    if (existsSync(at('data/postmaster.pid')))
      asOwner('pg_ctl', `--pgdata=${at('data')}`, '--mode=immediate', 'stop');
    rmSync(work, { recursive: true, force: true });
  });

  it('is not made while a password is missing, and says so', () => {
    const { status, output } = asDba('postgres-security-exporter');
    expect(status).toBe(3);
    expect(output).toContain('a password is not in the cluster, see docs/external-stores.md');
    const roles = "SELECT count(*) FROM pg_roles WHERE rolname ~ '^security'";
    expect(psql(login('dba', 'owner', 'postgres'), roles).output).toBe('0\n');
  });

  it('is made by one that may make roles and databases, once', () => {
    expect(asDba()).toEqual({ status: 0, output: '' });
    const again = asDba();
    expect(again.status).toBe(3);
    expect(again.output).toContain('role "security_user" already exists');
  });

  it('belongs to the role of its service, and no other role enters', () => {
    expect(
      app('CREATE TABLE entries (n integer PRIMARY KEY); INSERT INTO entries SELECT generate_series(1, 3);'),
    ).toEqual({
      status: 0,
      output: '',
    });
    const exporter = (database: string, text: string): Run =>
      psql(login('security_user_exporter', 'postgres-security-exporter!', database), text);
    expect(exporter('security_db', 'SELECT 1').output).toContain(
      'permission denied for database "security_db"',
    );
    expect(exporter('postgres', 'SELECT count(*) > 0 FROM pg_ls_waldir()').output).toBe('t\n');
    expect(exporter('postgres', "SELECT pg_database_size('security_db') > 0").output).toBe('t\n');
  });

  it('is backed up and restored by the same scripts, which no superuser runs', () => {
    const backup = job('backup');
    expect([backup.status, backup.output]).toEqual([
      0,
      expect.stringMatching(/^backup of security_db: \d+ bytes, 1 tables, /m),
    ]);
    app('INSERT INTO entries VALUES (4);');
    const restore = job('restore', { BACKUP: '', RUN: 'one' });
    expect(restore.output).toMatch(/^restore of security_db: 1 tables equal, /m);
    expect(restore.status).toBe(0);
    expect(restore.output).toContain(`how much room ${HOST} has is for its owner to say`);
    expect(app('SELECT count(*) FROM entries; INSERT INTO entries VALUES (5);').output).toBe('3\n');
    const owner = "SELECT pg_get_userbyid(datdba) FROM pg_database WHERE datname = 'security_db'";
    expect(app(owner).output).toBe('security_user\n');
    expect(app("SELECT count(*) FROM pg_database WHERE datname ~ 'restoring|replaced'").output).toBe('0\n');
  });

  it('another authority is refused, and so is a connection in the clear', () => {
    const { status, output } = job('backup', { PGSSLROOTCERT: at('stranger-ca.crt') });
    expect(status).toBe(1);
    expect(output).toContain(`fatal: ${HOST}:${port} does not answer (certificate verify failed)`);
    const clear = {
      ...login('security_user', 'postgres-security-app!', 'security_db'),
      PGSSLMODE: 'disable',
    };
    expect(psql(clear, 'SELECT 1').output).toMatch(/no pg_hba.conf entry .* no encryption/);
  });
});
