/**
 * The first start of a database on a real server, killed at five moments: each time the next one makes it whole. Programs are
 * PostgreSQL's own (PG_BIN, Debian's folder, or the PATH); one of them is replaced by a script that kills everything at its moment.
 */
import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { initScript } from '../../charts/data/postgres-config.ts';

const DEBIAN = '/usr/lib/postgresql/15/bin';
const binaries = process.env.PG_BIN ?? (existsSync(DEBIAN) ? DEBIAN : '');
const programs = `${binaries}:${process.env.PATH}`;
const found = spawnSync('psql', ['--version'], { env: { PATH: programs } }).status === 0 && binaries !== '';
if (!found) console.warn('no PostgreSQL 15 with psql (PG_BIN): the first start of a database is not tried');

/** PostgreSQL refuses to run as root. */
const owner = process.getuid?.() === 0 ? { uid: 65_534, gid: 65_534 } : {};
const script = initScript({ name: 'x_db', user: 'x_user' });
const work = mkdtempSync(join(tmpdir(), 'first-'));
chmodSync(work, 0o777);
afterAll(() => rmSync(work, { recursive: true, force: true }));

interface DataFolder {
  readonly folder: string;
  readonly run: (
    command: readonly string[],
    path?: string,
  ) => { readonly status: number | null; readonly output: string };
}

function dataFolder(name: string): DataFolder {
  const folder = join(work, name);
  for (const path of ['', 'secrets', 'volume', 'bin']) {
    mkdirSync(join(folder, path));
    chmodSync(join(folder, path), 0o777);
  }
  for (const role of ['superuser', 'app', 'exporter'])
    writeFileSync(join(folder, 'secrets', `${role}-password`), `${role}-secret`);
  writeFileSync(join(folder, 'initialize.sh'), script);
  const env = {
    PGDATA: join(folder, 'volume/pgdata'),
    SECRETS_DIR: join(folder, 'secrets'),
    LC_ALL: 'C.UTF-8',
    HOME: folder,
  };
  return {
    folder,
    run: ([command = '', ...args], path = programs) => {
      // In a group of its own, so that the kill reaches all of it and nothing else.
      const done = spawnSync('setsid', ['--wait', command, ...args], {
        ...owner,
        cwd: folder,
        env: { ...env, PATH: path },
        encoding: 'utf8',
        timeout: 120_000,
      });
      return { status: done.status, output: `${done.stdout}${done.stderr}` };
    },
  };
}

/** The kill of a whole container, the server included. */
const KILL = `pid=$(head -n 1 "$(dirname "$PGDATA")/initializing/postmaster.pid" 2>/dev/null) && kill -9 "$pid"
kill -9 0`;

/** At each moment: the program that is replaced, and what it does. `REAL` is the program itself. */
const MOMENTS: Readonly<Record<string, readonly [string, string]>> = {
  'initdb has begun': [
    'initdb',
    `REAL "$@" & until [ -s "$(dirname "$PGDATA")/initializing/PG_VERSION" ]; do sleep 0.02; done
KILL`,
  ],
  'initdb has ended': ['initdb', 'REAL "$@"\nKILL'],
  'the server has started': ['pg_ctl', 'REAL "$@"\ncase "$*" in *start*) KILL\n;; esac'],
  'half of the roles are made': ['psql', 'sed -n "1,/^CREATE ROLE exporter/p" | REAL "$@"\nKILL'],
  'all is made and not yet named': ['mv', 'KILL'],
};

describe.skipIf(!found)('the first start of a database', () => {
  const first = ({ run, folder }: DataFolder, path?: string) =>
    run(['bash', join(folder, 'initialize.sh')], path);

  /** What a whole database answers, asked of a running server. */
  function contents({ run, folder }: DataFolder): string {
    const data = join(folder, 'volume/pgdata');
    const started = run([
      'pg_ctl',
      `--pgdata=${data}`,
      '--wait',
      `--log=${folder}/log`,
      `--options=-c listen_addresses='' -c unix_socket_directories=${folder} -c shared_preload_libraries=pg_stat_statements`,
      'start',
    ]);
    expect(started.status, started.output).toBe(0);
    const asked = run([
      'env',
      'PGPASSWORD=app-secret',
      'psql',
      '--no-psqlrc',
      '--tuples-only',
      '--no-align',
      `--host=${folder}`,
      '--username=x_user',
      '--dbname=x_db',
      "--command=select current_user, (select rolconnlimit from pg_roles where rolname = 'exporter'), (select count(*) from pg_extension where extname = 'pg_stat_statements'), (select pg_get_userbyid(datdba) from pg_database where datname = 'x_db'), current_setting('data_checksums')",
    ]);
    expect(run(['pg_ctl', `--pgdata=${data}`, '--mode=fast', '--wait', 'stop']).status).toBe(0);
    return asked.output.trim();
  }
  const WHOLE = 'x_user|5|1|x_user|on';

  it.each(Object.entries(MOMENTS))(
    'killed when %s: the next one makes it whole',
    (moment, [program, text]) => {
      const here = dataFolder(moment.replaceAll(' ', '-'));
      const real = spawnSync('which', [program], { env: { PATH: programs }, encoding: 'utf8' }).stdout.trim();
      const shim = join(here.folder, 'bin', program);
      writeFileSync(shim, `#!/bin/bash\n${text.replaceAll('KILL', KILL).replaceAll('REAL', real)}\n`);
      chmodSync(shim, 0o755);
      expect(first(here, `${here.folder}/bin:${programs}`).status).not.toBe(0);
      expect(existsSync(join(here.folder, 'volume/pgdata'))).toBe(false);
      expect(existsSync(join(here.folder, 'volume/initializing'))).toBe(true);
      const again = first(here);
      expect(again.status, again.output).toBe(0);
      expect(readdirSync(join(here.folder, 'volume'))).toEqual(['pgdata']);
      expect(contents(here)).toBe(WHOLE);
      expect(again.output).not.toMatch(/app-secret|exporter-secret|superuser-secret/);
    },
  );
  it('a database that is there is left alone, and other files are not taken for one', () => {
    const here = dataFolder('other');
    const data = join(here.folder, 'volume/pgdata');
    mkdirSync(data);
    writeFileSync(join(data, 'PG_VERSION'), '15');
    expect(first(here).status).toBe(0);
    expect(readdirSync(data)).toEqual(['PG_VERSION']);
    rmSync(join(data, 'PG_VERSION'));
    writeFileSync(join(data, 'something'), 'of value');
    const { status, output } = first(here);
    expect([status, output]).toEqual([
      1,
      expect.stringContaining('holds files but no database: nothing was touched'),
    ]);
    expect(readFileSync(join(data, 'something'), 'utf8')).toBe('of value');
  });
});
