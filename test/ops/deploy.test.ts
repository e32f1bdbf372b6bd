/** Errors of deploy and related verbs, which change nothing when they fail. Kubectl is a script. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { topologyOf } from '../../charts/app.ts';
import { secretCatalog } from '../../charts/secrets/catalog.ts';
import { kubeObject } from '../../ops/core/objects.ts';
import { digestOf, type Release, recordManifest } from '../../ops/core/release.ts';
import { output, useFakeTools } from '../support/command.ts';
import { configOf, render } from '../support/objects.ts';

const VERBS = [
  ['deploy', 'dev'],
  ['validate', 'dev'],
  ['history', 'dev'],
] as const;
const CHANGES = /\b(apply|create|replace|patch|delete|rollout|scale)\b/;

describe('bad input', () => {
  it.each([
    [['deploy'], "missing required argument 'environment'"],
    [['deploy', 'qa'], '"qa"'],
    [['validate', 'qa'], '"qa"'],
    [['history', 'qa'], '"qa"'],
    [['deploy', 'staging'], '--context: missing, and staging is no local cluster'],
    [['deploy', 'dev', '--timeout', 'soon'], "'--timeout <seconds>' argument 'soon' is invalid"],
    [['deploy', 'dev', '--set', 'replicas=0'], 'replicas'],
    [['deploy', 'dev', '--json'], 'deploy: --json asks nothing; add --yes, or --dry-run'],
    [['deploy', 'dev', '--colour'], "unknown option '--colour'"],
  ])('%j is refused', async (args, message) => {
    await expect(output(...args)).rejects.toThrow(message);
  });
});

describe('without a cluster', () => {
  useFakeTools({
    kubectl: `case "$*" in
    version*) echo 'Client Version: v1.34.0' ;;
    *) echo 'The connection to the server was refused' >&2; exit 1 ;;
    esac`,
  });
  it.each(VERBS)('%s says which one and what next', async (...args) => {
    await expect(output(...args, '--context', 'kind-nowhere')).rejects.toThrow(
      /^cluster kind-nowhere: not reachable \(.*was refused\); start the local one/,
    );
  });
});

describe('without tools', () => {
  useFakeTools({});
  it.each(VERBS)('%s says where to get kubectl', async (...args) => {
    await expect(output(...args)).rejects.toThrow('kubectl: not found, get it from');
  });
});

describe('in a cluster', () => {
  const config = configOf('dev');
  const catalog = secretCatalog(config, topologyOf(config));
  const objects = render('dev').map((object) => kubeObject.parse(object));
  const apis = [...new Set(objects.map(({ apiVersion }) => apiVersion)), 'metrics.k8s.io/v1beta1'];
  const listed = (items: readonly unknown[]) => JSON.stringify({ kind: 'List', items });
  const folder = mkdtempSync(join(tmpdir(), 'cluster-'));
  const calls = join(folder, 'calls');

  const answers: Record<string, string> = {
    version: JSON.stringify({ serverVersion: { gitVersion: 'v1.34.0' } }),
    apis: apis.join('\n'),
    secrets: catalog
      .map((one) => `${one.namespace}/${one.name} ${one.keys.map(({ key }) => key).join(' ')}`)
      .join('\n'),
    nodes: listed([{ metadata: { name: 'n' }, status: { conditions: [{ type: 'Ready', status: 'True' }] } }]),
    releases: listed([]),
    lease: '',
  };
  const answer = (name: string, text: string) => writeFileSync(join(folder, name), text);

  useFakeTools({
    kubectl: `PATH=/usr/bin:/bin
    echo "$*" >> ${calls}
    case "$*" in
    *"version --client"*) echo 'Client Version: v1.34.0' ;;
    *"version --output"*) cat ${folder}/version ;;
    *api-versions*) cat ${folder}/apis ;;
    *"get secrets"*) cat ${folder}/secrets ;;
    *"get nodes"*) cat ${folder}/nodes ;;
    *"get configmaps"*) cat ${folder}/releases ;;
    *"get lease"*) cat ${folder}/lease ;;
    *) echo '{"kind": "List", "items": []}' ;;
    esac`,
    kind: '',
  });
  beforeAll(() => {
    for (const [name, text] of Object.entries(answers)) answer(name, text);
  });
  beforeEach(() => writeFileSync(calls, ''));
  afterEach(() => {
    for (const [name, text] of Object.entries(answers)) answer(name, text);
    process.exitCode = undefined;
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  const changed = () =>
    readFileSync(calls, 'utf8')
      .split('\n')
      .filter((line) => CHANGES.test(line) && !line.includes('--dry-run=server'));

  it('validate finds everything in order', async () => {
    const text = await output('validate', 'dev');
    expect(text).toMatch(/Kubernetes version +ok +v1\.34\.0/);
    expect(text).not.toContain('problem');
    expect(process.exitCode).toBeUndefined();
    expect(changed()).toEqual([]);
  });
  it('validate answers with 1 when something is missing, and never shows a value', async () => {
    answer('secrets', '');
    expect(await output('validate', 'dev')).toMatch(/Secrets +problem +assistants\/jwt is missing/);
    expect(process.exitCode).toBe(1);
  });
  it.each([
    [
      'an old cluster',
      'version',
      answers.version?.replace('34', '20'),
      'Kubernetes version: v1.20.0: expected',
    ],
    ['a cluster without prerequisites', 'apis', 'v1', 'Prerequisites: apps/v1 is not served'],
    ['a cluster without Secrets', 'secrets', '', 'Secrets: assistants/jwt is missing (JWT_SECRET_KEY)'],
  ])('deploy does not begin in %s', async (_, name, text, message) => {
    answer(name, text ?? '');
    await expect(output('deploy', 'dev', '--yes')).rejects.toThrow(message);
    expect(changed()).toEqual([]);
  });
  it('deploy --dry-run shows what it would do and changes nothing', async () => {
    const text = await output('deploy', 'dev', '--dry-run');
    expect(text).toContain('+ Deployment assistants/security');
    expect(text).toContain('Nothing was changed (--dry-run).');
    expect(changed()).toEqual([]);
  });
  it('deploy changes nothing without a confirmation', async () => {
    await expect(output('deploy', 'dev')).rejects.toThrow(
      'deploy: not confirmed, and there is no terminal to ask on; add --yes',
    );
    expect(changed()).toEqual([]);
  });
  it('deploy does not begin while somebody else is at it', async () => {
    const spec = { holderIdentity: 'somebody@elsewhere', renewTime: new Date().toISOString() };
    answer('lease', JSON.stringify({ metadata: { name: 'deploy', uid: 'u', resourceVersion: '1' }, spec }));
    await expect(output('deploy', 'dev', '--yes')).rejects.toThrow(
      /^somebody@elsewhere is changing assistants at this moment; wait for the end, or \d+ s if it is dead/,
    );
    // The check needs only the namespaces, so the verb applied only those.
    expect(changed().filter((line) => !line.includes(' apply '))).toEqual([]);
  });
  it('history tells what became of each release', async () => {
    const release = {
      revision: 3,
      environment: 'dev',
      status: 'rolled back' as const,
      action: 'deploy',
      startedAt: '2026-01-01T00:00:00.000Z',
      seconds: 12.5,
      source: 'abc123',
      images: [],
      overrides: [],
      digest: digestOf(objects),
      changes: { created: 1, updated: 2, pruned: 3 },
      migrations: { security: { before: '0002', after: '0003', backwardCompatible: true } },
      backups: {},
      restored: {},
      reason: 'a new pod does not start',
    };
    answer('releases', listed([recordManifest('assistants', release, objects)]));
    expect(await output('history', 'dev')).toMatch(
      /3 +rolled back +2026-01-01T00:00:00Z +12\.5 +deploy +abc123 +6 +security 0003 +a new pod does not start/,
    );
    expect(JSON.parse(await output('history', 'dev', '--json'))).toEqual([release]);
  });
  describe('rollback', () => {
    const release = (revision: number, values: Partial<Release>): Release => ({
      revision,
      environment: 'dev',
      status: 'superseded',
      action: 'deploy',
      startedAt: '2026-01-01T00:00:00.000Z',
      source: 'abc123',
      images: [],
      overrides: [],
      digest: digestOf(objects),
      changes: { created: 0, updated: 0, pruned: 0 },
      migrations: {},
      backups: {},
      restored: {},
      ...values,
    });
    const releases = (migrations: Release['migrations'] = {}) =>
      listed([
        recordManifest('assistants', release(1, {}), objects),
        recordManifest(
          'assistants',
          release(2, {
            status: 'deployed',
            digest: digestOf([]),
            migrations,
            backups: { security: 'security_db-before' },
          }),
          [],
        ),
      ]);
    const breaking = { security: { before: '0003', after: '0004', backwardCompatible: false } };

    it('needs an earlier release', async () => {
      await expect(output('rollback', 'dev', '--yes')).rejects.toThrow(
        'rollback: dev has no earlier release; see ./platform history dev',
      );
    });
    it.each([
      [['rollback', 'dev', 'last'], "command-argument value 'last' is invalid"],
      [['rollback', 'dev', '7'], '"7" is no release of dev'],
      [['rollback', 'dev', '2'], 'release 2 is what dev runs'],
      [['rollback', 'dev', '--json'], 'rollback: --json asks nothing; add --yes, or --dry-run'],
      [['rollback', 'dev'], 'rollback: not confirmed, and there is no terminal to ask on; add --yes'],
    ])('%j is refused, and nothing is changed', async (args, message) => {
      answer('releases', releases());
      await expect(output(...args)).rejects.toThrow(message);
      expect(changed()).toEqual([]);
    });
    it('--dry-run shows what it would do', async () => {
      answer('releases', releases());
      const text = await output('rollback', 'dev', '--dry-run');
      expect(text).toContain('+ Deployment assistants/security');
      expect(changed()).toEqual([]);
    });
    it('refuses a release that does not work with the databases, and offers their backups', async () => {
      answer('releases', releases(breaking));
      await expect(output('rollback', 'dev', '--yes')).rejects.toThrow(
        'release 1 does not work with the databases of security, which release 2 migrated; ./platform rollback dev 1 --restore-backup',
      );
      expect(await output('rollback', 'dev', '--restore-backup', '--dry-run')).toContain(
        '! the database of security is restored from security_db-before',
      );
      expect(changed()).toEqual([]);
    });
  });
  it('status says which release runs', async () => {
    answer(
      'releases',
      listed([
        recordManifest(
          'assistants',
          {
            revision: 4,
            environment: 'dev',
            status: 'deployed',
            action: 'rollback to 2',
            startedAt: '2026-01-01T00:00:00.000Z',
            source: 'abc123',
            images: [],
            overrides: [],
            digest: digestOf(objects),
            changes: { created: 0, updated: 0, pruned: 0 },
            migrations: {},
            backups: {},
            restored: {},
          },
          objects,
        ),
      ]),
    );
    expect(await output('status')).toContain('release 4, rollback to 2, of abc123');
  });
  it('history of an environment without one says so', async () => {
    expect(await output('history', 'dev')).toBe('dev has no release yet.\n');
  });
});
