import { execFileSync } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { livePod } from '../../ops/core/components.ts';
import { debugArguments, psqlCommand, redisCommand } from '../../ops/core/consoles.ts';

/** Runs what would run in the pod, with tools that print their arguments and the variables that matter. */
let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'consoles-'));
  const tools = {
    head: 'shift 2; echo secret-of "$@"',
    psql: 'printf "%s\\n" "$PGPASSWORD" "$@"',
    'redis-cli': 'printf "%s\\n" "$REDISCLI_AUTH" "$@"',
  };
  for (const [name, script] of Object.entries(tools)) {
    writeFileSync(join(folder, name), `#!/bin/sh\n${script}\n`);
    chmodSync(join(folder, name), 0o755);
  }
});
afterAll(() => rmSync(folder, { recursive: true }));

function run([tool = '', ...args]: readonly string[]): readonly string[] {
  const options = { env: { PATH: `${folder}:${process.env.PATH}` }, encoding: 'utf8', input: '' } as const;
  return execFileSync(tool, args, options).trim().split('\n');
}

describe('psql', () => {
  const database = { name: '1c_integration_db', user: '1c_user' };
  it("is the service's own user at its own database, its password from the pod's file", () => {
    const [password, ...args] = run(psqlCommand(database, {}));
    expect(password).toBe('secret-of /run/secrets/postgres/app-password');
    expect(args).toEqual([
      '--host=127.0.0.1',
      '--port=5432',
      '--username=1c_user',
      '--dbname=1c_integration_db',
      '--set=ON_ERROR_STOP=1',
      '--no-psqlrc',
    ]);
  });
  it('is postgres when asked for, and rows are CSV', () => {
    const [password, ...args] = run(psqlCommand(database, { superuser: true, csv: true }));
    expect(password).toBe('secret-of /run/secrets/postgres/superuser-password');
    expect(args).toEqual(expect.arrayContaining(['--username=postgres', '--csv']));
  });
  it('takes a name as it is', () => {
    expect(run(psqlCommand({ name: "a'$(id)", user: 'u' }, {}))).toContain("--dbname=a'$(id)");
  });
});

describe('redis-cli', () => {
  it('has its arguments as they were given', () => {
    const [password, ...args] = run(redisCommand(['set', 'a b', '$HOME']));
    expect(password).toBe('secret-of /run/secrets/redis/password');
    expect(args).toEqual(['-e', '-h', '127.0.0.1', '-p', '6379', 'set', 'a b', '$HOME']);
  });
});

describe('a container beside one without a shell', () => {
  const pod = livePod.parse({
    metadata: { name: 'p', namespace: 'n' },
    spec: { containers: [] },
    status: {},
  });
  it.each([
    [true, true],
    [false, false],
  ])('has a terminal when somebody types: %s', (terminal, expected) => {
    const args = debugArguments(pod, 'c', { image: 'i:1', command: ['sh'], terminal });
    expect(args.includes('--tty')).toBe(expected);
    expect(args).toEqual(expect.arrayContaining(['--target=c', '--image=i:1', '--profile=restricted']));
    expect(args.slice(-2)).toEqual(['--', 'sh']);
  });
});
