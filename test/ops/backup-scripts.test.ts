/** The parts of the backup scripts that need no PostgreSQL. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { backupScripts } from '../../charts/backup/scripts.ts';
import { resolveConfig } from '../../charts/config/resolve.ts';
import { root } from '../support/objects.ts';

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'scripts-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const lib = root('charts/backup/scripts/lib.sh');
const bash = (script: string) =>
  execa('bash', ['-c', `source ${lib}; cd ${folder}; ${script}`], {
    reject: false,
    env: { PGDATABASE: 'x_db' },
  });
const write = (name: string, text: string) => writeFileSync(join(folder, name), text);

const SCRIPTS = backupScripts(resolveConfig('dev'));
it.each(Object.keys(SCRIPTS).filter((name) => name.endsWith('.sh')))('%s parses', async (name) => {
  expect((await execa('bash', ['-n'], { input: SCRIPTS[name] ?? '', reject: false })).stderr).toBe('');
});

describe('comparing fingerprints', () => {
  beforeAll(() => {
    write('before', 'public.a|3|99\npublic.b|1|5\npublic.with space|2|7\n');
    write('changed', 'public.a|3|98\npublic.c|1|5\npublic.with space|2|7\n');
  });
  it('is content with equal ones', async () => {
    const { exitCode, stdout } = await bash('compare before before');
    expect(exitCode).toBe(0);
    expect(stdout.split('\n')).toEqual([
      'table public.a 3 3 equal',
      'table public.b 1 1 equal',
      'table public.with space 2 2 equal',
    ]);
  });
  it('names what differs, is missing and is too many', async () => {
    const { exitCode, stdout } = await bash('compare before changed');
    expect(exitCode).toBe(0);
    expect(stdout.split('\n').sort()).toEqual([
      'table public.a 3 3 differs',
      'table public.b 1 0 missing',
      'table public.c 0 1 unexpected',
      'table public.with space 2 2 equal',
    ]);
  });
});

describe('tables that are not equal', () => {
  it.each(['before', 'changed'])('are found (%s)', async (name) => {
    const { exitCode, stderr } = await bash(
      `compare before ${name} >compared; assert_equal compared 'not equal'`,
    );
    expect([exitCode, stderr]).toEqual(name === 'before' ? [0, ''] : [1, 'fatal: not equal']);
  });
});

describe('checking sums', () => {
  beforeAll(async () => {
    for (const name of ['x-1.dump', 'x-1.tables']) write(name, name);
    await bash('sha256sum x-1.dump x-1.tables >x-1.sha256');
  });
  it('is content with what was written', async () => {
    expect((await bash('check_backup x-1')).exitCode).toBe(0);
  });
  it.each(['dump', 'tables'])('names a damaged %s', async (ending) => {
    write(`x-1.${ending}`, 'other');
    const { exitCode, stderr } = await bash('check_backup x-1');
    write(`x-1.${ending}`, `x-1.${ending}`);
    expect(exitCode).toBe(1);
    expect(stderr).toBe(`fatal: damaged: x-1.${ending} (the SHA-256 sum is not the one recorded)`);
  });
});

it.each([
  ['the sums of a backup that has none', 'check_backup x-2', /fatal: x-2 cannot be checked: .*x-2.sha256/],
  ['the age of what is no backup', 'age_of x_db-yesterday', /date: invalid date/],
  [
    'a password that is not there',
    'pg_isready() { :; }; PGHOST=db PGPORT=1; login x no-such-file',
    /no-such-file/,
  ],
])('%s ends a script', async (_, command, message) => {
  const { exitCode, stdout, stderr } = await bash(
    `value=$(${command}; echo went on); echo "went on with $value"`,
  );
  expect([exitCode, stdout]).toEqual([1, '']);
  expect(stderr).toMatch(message);
});

it('what is to be done at the end is done once, the last first', async () => {
  mkdirSync(join(folder, 'end'), { recursive: true });
  const { stdout, exitCode } = await bash('at_exit "echo first"; at_exit "echo second"; fatal reason');
  expect(stdout).toBe('second\nfirst');
  expect(exitCode).toBe(1);
});

it('the age of a backup is that of the time in its name', async () => {
  const taken = new Date(Date.now() - 90_000).toISOString().replaceAll(/[-:]|\.\d+/g, '');
  const { stdout } = await bash(`age_of /backups/x_db-${taken}`);
  expect(Number(stdout)).toBeGreaterThanOrEqual(89);
  expect(Number(stdout)).toBeLessThan(120);
});
