import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  backupId,
  checkRoom,
  chooseBackup,
  comparisonFrom,
  idOfFile,
  storedFrom,
  takenAt,
} from '../../ops/core/backup.ts';
import { backupToRestore, nextStep, stateManifest, stateSchema } from '../../ops/core/restore.ts';
import { Kubectl } from '../../ops/tools/kubectl.ts';
import { download } from '../../ops/tools/transfer.ts';
import { patiently } from '../../ops/tools/wait.ts';

const OLD = 'x_db-20260101T021500Z';
const NEW = 'x_db-20260102T021500Z';
const stored = storedFrom('x', `backup ${OLD} 10 2 backup 0\nbackup ${NEW} 11 3 import 1767323700\nnoise\n`);

describe('backups in the cluster', () => {
  it('are listed, the newest first', () => {
    expect(stored).toEqual([
      {
        service: 'x',
        id: NEW,
        bytes: 11,
        tables: 3,
        origin: 'import',
        takenAt: '2026-01-02T02:15:00.000Z',
        verifiedAt: '2026-01-02T03:15:00.000Z',
      },
      { service: 'x', id: OLD, bytes: 10, tables: 2, origin: 'backup', takenAt: '2026-01-01T02:15:00.000Z' },
    ]);
  });
  it.each([
    ['latest', NEW],
    [OLD, OLD],
    ['20260101T021500Z', OLD],
  ])('%s is one of them', (wanted, id) => {
    expect(chooseBackup('restore', 'x', stored, wanted).id).toBe(id);
  });
  it('are named when another one is asked for', () => {
    expect(() => chooseBackup('restore', 'x', stored, 'tuesday')).toThrow(
      `restore: "tuesday" is no backup of x; see ./platform backup x --list (newest: ${NEW})`,
    );
    expect(() => chooseBackup('restore', 'x', [], 'latest')).toThrow(
      'restore: no backup of x; take one with',
    );
  });
  it('have ids that end with their time', () => {
    const now = new Date('2026-01-02T02:15:00.123Z');
    expect(backupId('x_db', now)).toBe(NEW);
    expect(takenAt(NEW).toISOString()).toBe('2026-01-02T02:15:00.000Z');
    expect(() => takenAt('x_db')).toThrow('backup "x_db": no such form');
  });
  it('are known by the names of their files', () => {
    expect(idOfFile('x_db', `${NEW}.dump`)).toBe(NEW);
    expect(() => idOfFile('y_db', `${NEW}.dump`)).toThrow(`restore: "${NEW}.dump" is no backup of y_db`);
    expect(() => idOfFile('x_db', 'x_db-backup.dump')).toThrow('other dumps are for ./platform import');
  });
});

describe('what a restore says', () => {
  it('is read table by table', () => {
    const log = [
      'comparing',
      'table public.users 3 3 equal',
      'table public.with space 0 0 equal',
      `restore of x_db: 2 tables equal, data 90 s old, restored in 7 s, ${OLD}`,
    ].join('\n');
    expect(comparisonFrom('restore of x', log)).toEqual({
      id: OLD,
      ageSeconds: 90,
      restoredInSeconds: 7,
      tables: [
        { name: 'public.users', backedUp: 3, restored: 3, verdict: 'equal' },
        { name: 'public.with space', backedUp: 0, restored: 0, verdict: 'equal' },
      ],
    });
  });
  it('is missed when it is not there', () => {
    expect(() => comparisonFrom('restore of x', 'table public.users 3 3 equal\n')).toThrow(
      'restore of x: its job ended without a result',
    );
  });
});

describe('a restore that was begun', () => {
  const begun = { run: 'abc', backup: OLD, replicas: 2, begunAt: '2026-01-03T00:00:00.000Z', safety: NEW };
  it('is remembered as it was', () => {
    const { safety: _none, ...early } = begun;
    for (const state of [begun, early])
      expect(stateSchema.parse(stateManifest('assistants', 'x', state))).toEqual(state);
  });
  it.each([OLD, '20260101T021500Z', 'latest'])('goes on when asked for %s', (wanted) => {
    expect(backupToRestore('x', wanted, begun)).toBe(OLD);
  });
  it('is ended before another one', () => {
    expect(() => backupToRestore('x', NEW, begun)).toThrow(
      `restore: one of x from ${OLD} was begun at 2026-01-03T00:00:00.000Z and has not ended; end it first`,
    );
  });
  it('is none: whatever is asked for', () => {
    expect(backupToRestore('x', 'latest', undefined)).toBe('latest');
  });
  it('of the audit log is followed by a seal, and no other', () => {
    expect(nextStep('security', 'assistants', OLD)).toContain(
      `python -m security seal 'restored from ${OLD}'`,
    );
    expect(nextStep('analytics', 'assistants', OLD)).toBeUndefined();
  });
});

describe('a full disk', () => {
  let folder = '';
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'full-'));
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  it('is seen before anything is fetched', () => {
    expect(() => checkRoom('--out', '/mnt', 63_000_000, 1_500_000)).toThrow(
      '--out: "/mnt" has 63.0 MB free, 1.5 MB are needed and 64.0 MB to spare; name another folder',
    );
    expect(() => checkRoom('--out', '/mnt', 66_000_000, 1_500_000)).not.toThrow();
  });
  it('and one that fills up meanwhile leaves nothing half done', async () => {
    // kubectl prints its client's version without a cluster; a folder stands where the file should go.
    const file = join(folder, 'missing', 'x.dump');
    await expect(download(new Kubectl('none'), ['version', '--client'], file)).rejects.toThrow(
      'cannot be written',
    );
    expect(readdirSync(folder)).toEqual([]);
  });
});

describe('an API server that is away', () => {
  it('is asked again, a refusal is not', async () => {
    let asked = 0;
    const answer = await patiently(30, async () => {
      asked += 1;
      if (asked === 1) throw new Error('Unable to connect to the server: net/http: TLS handshake timeout');
      return 'there';
    });
    expect([answer, asked]).toEqual(['there', 2]);
    await expect(patiently(30, () => Promise.reject(new Error('forbidden')))).rejects.toThrow('forbidden');
  });
  it('is given up in the end', async () => {
    await expect(patiently(-1, () => Promise.reject(new Error('connection refused')))).rejects.toThrow(
      'refused',
    );
  });
});
