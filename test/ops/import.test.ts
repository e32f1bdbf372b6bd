import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { execa } from 'execa';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { inspect } from '../../ops/steps/import.ts';

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'import-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const write = (path: string, text: string | Buffer): string => {
  const whole = join(folder, path);
  mkdirSync(join(whole, '..'), { recursive: true });
  writeFileSync(whole, text);
  return whole;
};

/** A folder with the files that make a data directory one. */
function dataDirectory(name: string, version: string): string {
  write(`${name}/PG_VERSION`, `${version}\n`);
  write(`${name}/global/pg_control`, 'x');
  write(`${name}/base/5/PG_VERSION`, `${version}\n`);
  return join(folder, name);
}

async function tarOf(directory: string, name: string, flags = ''): Promise<string> {
  const file = join(folder, name);
  await execa('tar', [`-c${flags}f`, file, '-C', join(directory, '..'), directory.split('/').at(-1) ?? '']);
  return file;
}

describe('what can be imported', () => {
  it('a dump in the custom format', async () => {
    const path = write('a.dump', 'PGDMP\u0001');
    expect(await inspect(path)).toEqual({ path, kind: 'custom', folder: false });
  });
  it('SQL', async () => {
    const path = write('a.sql', '--\n-- PostgreSQL database dump\n--\n');
    expect(await inspect(path)).toEqual({ path, kind: 'plain', folder: false });
  });
  it('a data directory', async () => {
    const path = dataDirectory('data', '15');
    expect(await inspect(path)).toEqual({ path, kind: 'data', folder: true });
  });
  it('a data directory below a volume, as the image lays it out when told to', async () => {
    const path = dataDirectory('volume/pgdata', '15');
    expect(await inspect(join(path, '..'))).toEqual({ path, kind: 'data', folder: true });
  });
  it.each([
    ['data.tar', ''],
    ['data.tar.gz', 'z'],
  ])('a data directory as %s', async (name, flags) => {
    const path = await tarOf(dataDirectory('inside', '15'), name, flags);
    expect(await inspect(path)).toEqual({
      path,
      kind: 'data',
      folder: false,
      archive: { root: 'inside/', flags },
    });
  });
});

describe('what is refused', () => {
  it('a path that is not there', async () => {
    await expect(inspect(join(folder, 'nowhere'))).rejects.toThrow('nowhere" does not exist');
  });
  it('a folder that is no data directory', async () => {
    await expect(inspect(folder)).rejects.toThrow(`"${folder}" is no PostgreSQL data directory`);
  });
  it('a data directory of another version, as a folder and as an archive', async () => {
    const old = dataDirectory('old', '13');
    const message =
      'is a data directory of PostgreSQL 13, expected 15; dump it with the pg_dump of its own version';
    await expect(inspect(old)).rejects.toThrow(message);
    await expect(inspect(await tarOf(old, 'old.tar'))).rejects.toThrow(message);
  });
  it('a data directory that is in use, as a folder and as an archive', async () => {
    const used = dataDirectory('used', '15');
    write('used/postmaster.pid', '1');
    await expect(inspect(used)).rejects.toThrow('holds postmaster.pid: a server uses it');
    await expect(inspect(await tarOf(used, 'used.tar'))).rejects.toThrow('holds postmaster.pid');
  });
  it('an archive without a data directory', async () => {
    mkdirSync(join(folder, 'empty'), { recursive: true });
    const path = await tarOf(join(folder, 'empty'), 'empty.tar');
    await expect(inspect(path)).rejects.toThrow('holds no PostgreSQL data directory');
  });
  it.each([
    ['nothing', '', 'is empty'],
    ['binary', 'a\0b', 'is neither a dump nor an archive'],
  ])('a file that is %s', async (name, text, message) => {
    await expect(inspect(write(name, text))).rejects.toThrow(message);
  });
  it('something compressed that is no archive', async () => {
    await expect(inspect(write('x.gz', gzipSync('SELECT 1;')))).rejects.toThrow(
      'holds no PostgreSQL data directory',
    );
  });
});
