/** The container beside Redis, with a fake redis-cli that accepts these passwords like a server. */
import { execFileSync, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { chmodSync, chownSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { root } from '../support/objects.ts';

let folder = '';
const at = (name: string): string => join(folder, name);
const hashOf = (text: string): string => `#${createHash('sha256').update(text).digest('hex')}`;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'redis-secrets-'));
  for (const name of ['secrets', 'run', 'bin']) mkdirSync(at(name));
  const script = readFileSync(root('charts/data/scripts/redis-secrets.sh'), 'utf8')
    .replace('/run/secrets/redis', at('secrets'))
    .replace('RUN=/run/redis', `RUN=${at('run')}`);
  writeFileSync(at('secrets.sh'), script);
  writeFileSync(
    at('bin/redis-cli'),
    `#!/bin/bash\ngrep -qxF "$REDISCLI_AUTH" ${at('good')} || exit 1\necho "$*" > ${at('asked')}\n`,
  );
  chmodSync(at('bin/redis-cli'), 0o755);
  if (OTHER_USER.uid) for (const name of ['', 'run']) chownSync(at(name), OTHER_USER.uid, OTHER_USER.gid);
});
afterEach(() => rmSync(folder, { recursive: true }));

const env = () => ({ PATH: `${at('bin')}:${process.env.PATH}` });
/** A user who may not write a read-only file: root may. */
const OTHER_USER = process.getuid?.() === 0 ? { uid: 65_534, gid: 65_534 } : {};
const options = () => ({ encoding: 'utf8', env: env(), ...OTHER_USER }) as const;
/** As the kubelet does: a new file, which its group may read. */
const put = (text: string) => {
  rmSync(at('secrets/password'), { force: true });
  writeFileSync(at('secrets/password'), text, { mode: 0o440 });
  if (OTHER_USER.uid) chownSync(at('secrets/password'), 0, OTHER_USER.gid);
};
const run = (verb: string) => execFileSync('bash', [at('secrets.sh'), verb], options());
const apply = () => {
  run('prepare');
  return spawnSync('bash', [at('secrets.sh'), 'apply'], options());
};

describe('passwords of Redis', () => {
  it.each(['old', 'old\n', 'old \r\n\n'])(
    '%j at the start: Redis has its hash, the exporter the password',
    (text) => {
      put(text);
      run('start');
      expect(readFileSync(at('run/auth.conf'), 'utf8')).toBe(
        `user default on ~* &* +@all resetpass ${hashOf('old')}\n`,
      );
      expect(readFileSync(at('run/exporter.json'), 'utf8')).toBe('{"redis://127.0.0.1:6379":"old"}');
    },
  );
  it.each([
    ['old', 'old\nnew', 'old'],
    ['old\nnew', 'new\nold', 'old\nnew'],
    ['new\nold', 'new', 'new\nold'],
    ['old', 'new', 'old'],
    ['lost', 'new', 'new'],
  ])('from %j to %j: whatever Redis takes, it is told all of the new ones', (before, after, good) => {
    put(before);
    run('start');
    put(after);
    writeFileSync(at('good'), good);
    expect(apply()).toMatchObject({ status: 0, stdout: 'Redis accepts the passwords of the Secret\n' });
    const rules = after.split('\n').map(hashOf).join(' ');
    expect(readFileSync(at('asked'), 'utf8')).toBe(
      `-e -h 127.0.0.1 ACL SETUSER default resetpass ${rules}\n`,
    );
    expect(readFileSync(at('run/applied'), 'utf8')).toBe(after);
  });
  it('what Redis does not take is tried again, and said without a value', () => {
    put('old');
    run('start');
    put('hidden');
    writeFileSync(at('good'), 'another');
    const { status, stdout, stderr } = apply();
    expect([status, stdout, stderr]).toEqual([1, '', 'Redis cannot be told its new passwords yet\n']);
    expect(readFileSync(at('run/applied'), 'utf8')).toBe('old');
  });
  it('a password of any characters ends no rule', () => {
    const odd = 'a >b "c\\d';
    put(odd);
    run('start');
    expect(readFileSync(at('run/auth.conf'), 'utf8')).toContain(hashOf(odd));
    expect(JSON.parse(readFileSync(at('run/exporter.json'), 'utf8'))).toEqual({
      'redis://127.0.0.1:6379': odd,
    });
  });
});
