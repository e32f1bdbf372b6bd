/** What the records of releases say, without a cluster. */
import { describe, expect, it } from 'vitest';
import { ENVIRONMENTS } from '../../charts/config/environments.ts';
import { INVENTORY_LABEL } from '../../charts/constructs/names.ts';
import { kubeObject } from '../../ops/core/objects.ts';
import {
  deployedRelease,
  digestOf,
  expired,
  manifestsOf,
  nextRevision,
  obstacles,
  type Release,
  recordManifest,
  releaseOf,
  releaseRecord,
  rollbackTarget,
} from '../../ops/core/release.ts';
import { render } from '../support/objects.ts';

const objects = render('dev').map((object) => kubeObject.parse(object));

const release = (revision: number, values: Partial<Release> = {}): Release => ({
  revision,
  environment: 'dev',
  status: 'superseded',
  action: 'deploy',
  startedAt: '2026-01-01T00:00:00.000Z',
  source: 'abc',
  images: [],
  overrides: [],
  digest: `digest-${revision}`,
  changes: { created: 0, updated: 0, pruned: 0 },
  migrations: {},
  backups: {},
  restored: {},
  ...values,
});
const migrated = (backwardCompatible: boolean) => ({
  security: { before: '0002', after: '0003', backwardCompatible },
});

describe('a record', () => {
  const written = { ...release(7), digest: digestOf(objects) };
  const manifest = recordManifest('assistants', written, objects);
  const record = releaseRecord.parse(manifest);

  it('gives back what was written', () => {
    expect(releaseOf(record)).toEqual(written);
    expect(manifestsOf(record)).toEqual(objects);
  });
  it('is named after its revision and is never pruned', () => {
    expect(manifest).toMatchObject({ kind: 'ConfigMap', metadata: { name: 'release-7' } });
    expect(JSON.stringify(Object.keys(record.metadata.labels ?? {}))).not.toContain(INVENTORY_LABEL);
  });
  it.each(ENVIRONMENTS)('of %s is far below what the API server takes', (environment) => {
    const all = render(environment).map((object) => kubeObject.parse(object));
    const bytes = JSON.stringify(recordManifest('assistants', release(1), all)).length;
    console.info(`${environment}: the record of a release has ${bytes} bytes`);
    expect(bytes).toBeLessThan(100_000);
  });
  it('that was changed is refused', () => {
    const other = releaseRecord.parse(recordManifest('assistants', written, objects.slice(1)));
    expect(() => manifestsOf(other)).toThrow('release 7: its manifests differ from their digest');
  });
  it('holds no Secret', () => {
    const secret = kubeObject.parse({ apiVersion: 'v1', kind: 'Secret', metadata: { name: 'jwt' } });
    expect(() => recordManifest('assistants', written, [secret])).toThrow('Secret "jwt"');
  });
  it('that is too large is refused before it is written', () => {
    const random = Array.from({ length: 200_000 }, () => Math.random().toString(36)).join('');
    const large = kubeObject.parse({ apiVersion: 'v1', kind: 'X', metadata: { name: 'x' }, random });
    expect(() => recordManifest('assistants', written, [large])).toThrow(/its record has \d+ bytes/);
  });
});

describe('the list of releases', () => {
  const releases = [release(1), release(3, { status: 'deployed' }), release(2, { status: 'failed' })];
  it('numbers the next one', () => {
    expect([nextRevision([]), nextRevision(releases)]).toEqual([1, 4]);
  });
  it('knows what runs', () => {
    expect(deployedRelease(releases)?.revision).toBe(3);
    expect(deployedRelease([])).toBeUndefined();
  });
  it('forgets the oldest, never what runs', () => {
    const many = [release(1, { status: 'deployed' }), ...[2, 3, 4, 5].map((revision) => release(revision))];
    expect(expired(many, 3)).toEqual([2]);
    expect(expired(many)).toEqual([]);
  });
});

describe('the way back', () => {
  const releases = [
    release(1),
    release(2),
    release(3, { status: 'rolled back' }),
    release(4, { status: 'pending' }),
    release(5, { status: 'deployed' }),
  ];
  it('leads to the newest that ran', () => {
    expect(rollbackTarget('dev', releases, undefined).revision).toBe(2);
  });
  it('leads to another when that is named', () => {
    expect(rollbackTarget('dev', releases, 1).revision).toBe(1);
  });
  it('passes over one that is the same as what runs', () => {
    const same = [release(1), release(2, { digest: 'd' }), release(3, { digest: 'd', status: 'deployed' })];
    expect(rollbackTarget('dev', same, undefined).revision).toBe(1);
    expect(() => rollbackTarget('dev', same, 2)).toThrow('release 2 is what dev runs');
  });
  it.each([
    [9, '"9" is no release of dev'],
    [3, 'release 3 never ran (rolled back)'],
    [4, 'release 4 never ran (pending)'],
    [5, 'release 5 is what dev runs'],
  ])('does not lead to %d', (revision, message) => {
    expect(() => rollbackTarget('dev', releases, revision)).toThrow(message);
  });
  it('does not exist for the first release', () => {
    const first = [release(1, { status: 'deployed' })];
    expect(() => rollbackTarget('dev', first, undefined)).toThrow('dev has no earlier release');
  });
});

describe('databases on the way back', () => {
  const backups = { security: 'security_db-20260101' };
  it('are no obstacle when every migration since is backward compatible', () => {
    expect(obstacles([release(1), release(2, { migrations: migrated(true) })], release(1))).toEqual([]);
  });
  it('are one when a release migrated what the earlier one does not work with', () => {
    const second = release(2, { migrations: migrated(false), backups });
    expect(obstacles([release(1), second, release(3)], release(1))).toEqual([
      {
        service: 'security',
        revision: 2,
        migration: migrated(false).security,
        backup: 'security_db-20260101',
      },
    ]);
    expect(obstacles([release(1), second, release(3)], release(2))).toEqual([]);
  });
  it('are one, too, when the release that migrated failed', () => {
    const failed = release(2, { status: 'failed', migrations: migrated(false) });
    expect(obstacles([release(1), failed], release(1))).toMatchObject([{ service: 'security', revision: 2 }]);
  });
  it('go back to the backup before the oldest of several such migrations', () => {
    const several = [2, 3].map((revision) =>
      release(revision, { migrations: migrated(false), backups: { security: `before-${revision}` } }),
    );
    expect(obstacles([release(1), ...several], release(1))).toMatchObject([{ backup: 'before-2' }]);
  });
  it('are none any more when they were restored since', () => {
    const restored = release(3, { restored: { security: 2 } });
    const second = release(2, { migrations: migrated(false), backups });
    expect(obstacles([release(1), second, restored], release(1))).toEqual([]);
    const again = release(4, { migrations: migrated(false), backups: { security: 'before-4' } });
    expect(obstacles([release(1), second, restored, again], release(1))).toMatchObject([{ revision: 4 }]);
  });
});
