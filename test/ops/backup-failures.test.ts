/** A script fails when any of its programs fails, and never continues with missing output. */
import { createHash } from 'node:crypto';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { backupScripts } from '../../charts/backup/scripts.ts';
import { resolveConfig } from '../../charts/config/resolve.ts';

const ID = 'x_db-20260101T000000Z';
const TABLES = 'public.a|3|99';
const SCRIPTS = backupScripts(resolveConfig('dev'));
/** What stands in for PostgreSQL's own; `$*` are their arguments. */
const POSTGRES = {
  pg_isready: '',
  createdb: '',
  pg_ctl: '',
  initdb: `data=\${1#--pgdata=}; /bin/mkdir -p "$data"; echo 15 > "$data/PG_VERSION"`,
  pg_dump: `for a; do case $a in --file=*) echo dump > "\${a#--file=}" ;; esac; done`,
  pg_restore: 'case $* in *--list*) printf "; dbname: x_db\\n1; EXTENSION - x\\n2; TABLE a\\n" ;; esac',
  psql: `text=$([ -t 0 ] || /bin/cat)
for a; do case $a in
  --output=*) echo '${TABLES}' > "\${a#--output=}" ;;
  partial=*) echo dump > "\${a#partial=}.dump"; echo '${TABLES}' > "\${a#partial=}.tables" ;;
esac; done
case $text in
  *pg_database_size*) echo 1 ;;
  *'COPY room'*) echo 999999999 ;;
  *'SELECT datname'*) echo "$DATABASES" ;;
esac`,
};
const SYSTEM = [
  ...[
    'awk',
    'basename',
    'cat',
    'chmod',
    'cut',
    'date',
    'dirname',
    'find',
    'grep',
    'head',
    'ls',
    'mv',
    'paste',
  ],
  ...['rm', 'sed', 'sha256sum', 'sort', 'stat', 'tail', 'tee', 'touch', 'tr', 'wc'],
];

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'failures-'));
  const program = (name: string, run: string): void => {
    // The program records its call, and fails when the test chose it.
    const text = `#!/bin/bash\n: > "$CALLED/${name}"\nif [ "$FAILS" = ${name} ]; then exit 1; fi\n${run}\n`;
    writeFileSync(join(folder, 'bin', name), text);
    chmodSync(join(folder, 'bin', name), 0o755);
  };
  mkdirSync(join(folder, 'bin'));
  for (const [name, run] of Object.entries(POSTGRES)) program(name, run);
  for (const name of SYSTEM) program(name, `PATH=/usr/bin:/bin exec ${name} "$@"`);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** A pod's file system, with the newest backup in its volume. */
function makePod(): string {
  const pod = mkdtempSync(join(folder, 'pod-'));
  for (const name of [
    'scripts',
    'backups',
    'inbox',
    'scratch',
    'tmp',
    'run/secrets/backup',
    'run/secrets/restore',
  ])
    mkdirSync(join(pod, name), { recursive: true });
  for (const name of ['called', 'source/pg_tblspc']) mkdirSync(join(pod, name), { recursive: true });
  for (const [name, text] of Object.entries(SCRIPTS))
    writeFileSync(
      join(pod, 'scripts', name),
      text.replaceAll(/(?<!\w)\/(scripts|backups|inbox|scratch|tmp|run)\b/g, `${pod}/$1`),
    );
  for (const user of ['backup', 'restore'])
    writeFileSync(join(pod, 'run/secrets', user, 'password'), 'secret');
  const files = { [`${ID}.dump`]: 'dump\n', [`${ID}.tables`]: `${TABLES}\n` };
  const sums = Object.entries(files).map(([name, text]) => {
    writeFileSync(join(pod, 'backups', name), text);
    return `${createHash('sha256').update(text).digest('hex')}  ${name}\n`;
  });
  writeFileSync(join(pod, 'backups', `${ID}.sha256`), sums.join(''));
  writeFileSync(join(pod, 'source/dump'), '\\connect x_db\n');
  writeFileSync(join(pod, 'source/PG_VERSION'), '15');
  return pod;
}

const KINDS = { data: 'source', custom: 'source/dump', plain: 'source/dump' };
const RUNS: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  backup: {},
  list: {},
  drill: {},
  restore: {},
  ...Object.fromEntries(Object.keys(KINDS).map((kind) => [`convert ${kind}`, { KIND: kind }])),
};

async function run(name: string, fails: string, more: Readonly<Record<string, string>> = {}) {
  const pod = makePod();
  const [script = '', kind] = name.split(' ');
  const { exitCode, stdout, stderr } = await execa('/bin/bash', [join(pod, 'scripts', `${script}.sh`)], {
    reject: false,
    extendEnv: false,
    stdin: 'ignore',
    env: {
      PATH: join(folder, 'bin'),
      CALLED: join(pod, 'called'),
      FAILS: fails,
      PGHOST: 'db',
      PGPORT: '5432',
      PGDATABASE: 'x_db',
      PGUSER: 'backup',
      RETENTION_DAYS: '7',
      BACKUP: script === 'restore' ? ID : '',
      APP_USER: 'x_user',
      RUN: 'one',
      ID: 'x_db-20260102T000000Z',
      NAMES: 'x_db x_staging_db',
      ROLES: 'x_user x_staging',
      DATABASES: 'x_db',
      ...more,
      ...(kind ? { KIND: kind, SOURCE: join(pod, KINDS[kind as keyof typeof KINDS]) } : {}),
    },
  });
  const { stdout: called } = await execa('ls', [join(pod, 'called')]);
  rmSync(pod, { recursive: true });
  return { exitCode, output: `${stdout}\n${stderr}`, called: called.split('\n') };
}

describe.concurrent.each(Object.keys(RUNS))('%s', (name) => {
  it('fails when one of its programs does', async () => {
    const { exitCode, output, called } = await run(name, 'none');
    expect([exitCode, output]).toEqual([0, expect.any(String)]);
    expect(called.length).toBeGreaterThan(2);
    const survived: string[] = [];
    for (const program of called) if ((await run(name, program)).exitCode === 0) survived.push(program);
    expect(survived).toEqual([]);
  });
});

it('an import that holds another database says which', async () => {
  const { exitCode, output } = await run('convert data', 'none', { DATABASES: 'postgres\nother' });
  expect(exitCode).toBe(1);
  expect(output).toContain('fatal: no database x_db or x_staging_db in it (found: postgres other)');
});

it('a server that does not start is reported, whatever its log says', async () => {
  const { exitCode, output } = await run('drill', 'pg_ctl');
  expect(exitCode).toBe(1);
  expect(output).toMatch(/fatal: a PostgreSQL on .* does not start: its log does not say why/);
});
