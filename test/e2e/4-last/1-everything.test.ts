/** `backup --all`: Redis's data can be restored, the checksums match, and the backup has no secret. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import {
  DATABASE,
  restored as databaseRestored,
  expectTidy,
  fingerprint,
  platformJson,
  SERVICE,
  sql,
} from '../database.ts';
import { eventually, kubectl, NAMESPACE, platform, topology } from '../support.ts';

const everything = z.object({
  folder: z.string(),
  databases: z.array(z.unknown()),
  files: z.array(z.string()),
});
const restored = z.object({ keys: z.number(), awaySeconds: z.number(), safety: z.string() });

interface Secret {
  readonly metadata: { readonly name: string };
  readonly data?: Readonly<Record<string, string>>;
}

describe('a backup of everything', () => {
  const folder = mkdtempSync(join(tmpdir(), 'everything-e2e-'));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  const redis = async (...words: readonly string[]): Promise<string> => {
    const { stdout, stderr, exitCode } = await platform('redis', ...words);
    expect(exitCode, String(stderr)).toBe(0);
    return String(stdout).trim();
  };
  const secrets = (): readonly Secret[] =>
    (JSON.parse(kubectl('get', 'secrets', '-n', NAMESPACE, '-o', 'json')) as { readonly items: Secret[] })
      .items;
  let snapshot = '';

  it('has databases, Redis, the release and the names of the Secrets, and its sums fit', async () => {
    // A failed run leaves these keys.
    await redis('DEL', 'e2e:kept', 'e2e:stream');
    await redis('SET', 'e2e:kept', 'as it was', 'EX', '3600');
    await redis('XADD', 'e2e:stream', '*', 'field', 'value');
    const { databases, files } = await platformJson(everything, 'backup', '--all', '--out', folder);
    expect(databases).toHaveLength(topology.services.filter(({ database }) => database).length);
    snapshot = join(folder, files.find((name) => name.endsWith('.rdb')) ?? '');
    const checked = execFileSync('sha256sum', ['--check', 'SHA256SUMS'], { cwd: folder, encoding: 'utf8' });
    expect(checked.trim().split('\n').length).toBe(readdirSync(folder).length - 1);
    const names: Readonly<Record<string, readonly string[]>> = JSON.parse(
      readFileSync(join(folder, 'secrets.json'), 'utf8'),
    );
    const live = secrets();
    expect(live.length).toBeGreaterThanOrEqual(2 * databases.length);
    for (const { metadata, data = {} } of live)
      expect(names[`${NAMESPACE}/${metadata.name}`]?.toSorted()).toEqual(Object.keys(data).toSorted());
  });
  it('has no value of a Secret', () => {
    const values = secrets().flatMap(({ data = {} }) => Object.values(data));
    expect(values.length).toBeGreaterThan(10);
    const texts = readdirSync(folder).map((name) => readFileSync(join(folder, name), 'latin1'));
    // Names of users are shorter, and no secret.
    for (const value of values.filter((one) => one.length >= 32)) {
      const plain = Buffer.from(value, 'base64').toString();
      for (const text of texts) expect(text.includes(value) || text.includes(plain)).toBe(false);
    }
  });
  it('brings a database back from the fetched file, every row and hash equal', async () => {
    const before = fingerprint();
    const dump =
      readdirSync(folder).find((name) => name.startsWith(DATABASE) && name.endsWith('.dump')) ?? '';
    sql(
      `CREATE TABLE e2e_too_much (id int); ALTER TABLE e2e_too_much OWNER TO ${DATABASE.replace('_db', '_user')}`,
    );
    const options = ['--from', join(folder, dump), '--yes'];
    const { tables, recoverySeconds } = await platformJson(databaseRestored, 'restore', SERVICE, ...options);
    console.info(`${dump}: ${tables.length} tables, ${SERVICE} away for ${recoverySeconds} s`);
    expect(fingerprint()).toBe(before);
    await expectTidy();
  });
  it('brings Redis back; a flipped byte is refused before anything is touched', async () => {
    await redis('SET', 'e2e:kept', 'changed');
    await redis('DEL', 'e2e:stream');
    const damaged = join(folder, 'damaged.rdb');
    const bytes = readFileSync(snapshot);
    const at = Math.floor(bytes.length / 2);
    bytes[at] = (bytes[at] ?? 0) ^ 1;
    writeFileSync(damaged, bytes);
    const { exitCode, stderr } = await platform('restore', 'redis', '--from', damaged, '--yes');
    console.info(String(stderr));
    expect([exitCode, String(stderr)]).toEqual([
      1,
      expect.stringMatching(/damaged\.rdb": .*; nothing was changed$/),
    ]);
    expect(await redis('GET', 'e2e:kept')).toBe('changed');

    const { keys, awaySeconds, safety } = await platformJson(
      restored,
      'restore',
      'redis',
      '--from',
      snapshot,
      '--yes',
    );
    console.info(`redis: ${keys} keys restored, away for ${awaySeconds} s`);
    expect(await redis('GET', 'e2e:kept')).toBe('as it was');
    expect(Number(await redis('TTL', 'e2e:kept'))).toBeGreaterThan(0);
    expect(await redis('XLEN', 'e2e:stream')).toBe('1');
    // The safety backup can be restored too.
    await platformJson(restored, 'restore', 'redis', '--from', safety, '--yes');
    expect(await redis('GET', 'e2e:kept')).toBe('changed');
    await redis('DEL', 'e2e:kept', 'e2e:stream');
    // A gateway that lost its connection tries again every 2 s.
    await eventually(10, async () => {
      const health = await platform('health', 'api-gateway', 'security');
      expect(health.exitCode, String(health.stdout)).toBe(0);
    });
  });
});
