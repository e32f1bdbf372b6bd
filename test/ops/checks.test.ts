/** The checks of deploy before it begins, with set answers of a cluster. */
import { describe, expect, it } from 'vitest';
import { topologyOf } from '../../charts/app.ts';
import { secretCatalog } from '../../charts/secrets/catalog.ts';
import { SERVICES } from '../../charts/topology.ts';
import {
  checkApis,
  checkBackupVolumes,
  checkImages,
  checkNodes,
  checkQuotas,
  checkSecrets,
  checkVersion,
  claim,
  node,
  quota,
} from '../../ops/core/checks.ts';
import { kubeObject } from '../../ops/core/objects.ts';
import { configOf, render, WITH_DATABASE } from '../support/objects.ts';

const config = configOf('dev');
const wanted = render('dev').map((object) => kubeObject.parse(object));

describe('the version of Kubernetes', () => {
  it.each([
    ['v1.27.16', 'problem'],
    ['v1.28.0', 'ok'],
    ['v1.34.1+k3s1', 'ok'],
    ['v1.37.0', 'ok'],
    ['v1.99.0', 'unverified'],
    ['nonsense', 'problem'],
  ])('%s: %s', (version, result) => {
    expect(checkVersion(version)).toMatchObject({ result });
  });
});

describe('prerequisites', () => {
  const served = [...new Set(wanted.map(({ apiVersion }) => apiVersion)), 'metrics.k8s.io/v1beta1'];
  it('are there', () => expect(checkApis(config, wanted, served)).toMatchObject({ result: 'ok' }));
  it('are named when they are not', () => {
    const without = served.filter((version) => !/^metrics|^monitoring.*\/v1$/.test(version));
    expect(checkApis(config, wanted, without)).toEqual({
      name: 'Prerequisites',
      result: 'problem',
      detail: 'metrics.k8s.io/v1beta1 is not served; monitoring.coreos.com/v1 is not served',
    });
  });
});

describe('Secrets', () => {
  const catalog = secretCatalog(config, topologyOf(config));
  const all = new Map(
    catalog.map(({ namespace, name, keys }) => [`${namespace}/${name}`, keys.map(({ key }) => key)]),
  );
  it('are there', () => expect(checkSecrets(config, catalog, all)).toMatchObject({ result: 'ok' }));
  it('are named with what they lack', () => {
    const some = new Map(all);
    some.delete('assistants/redis');
    some.set('assistants/jwt', []);
    const { result, detail } = checkSecrets(config, catalog, some);
    expect(result).toBe('problem');
    expect(detail).toBe('assistants/jwt lacks JWT_SECRET_KEY; assistants/redis is missing (password)');
  });
  it('may be missing when the platform runs without', () => {
    const needed = catalog.filter(({ optional }) => !optional).map((one) => `${one.namespace}/${one.name}`);
    const some = new Map([...all].filter(([id]) => needed.includes(id)));
    expect(some.size).toBeLessThan(all.size);
    expect(checkSecrets(config, catalog, some)).toMatchObject({ result: 'ok' });
  });
  it('of a store are made later', () => {
    const external = configOf('production', [{ secrets: { source: 'external', store: { name: 'vault' } } }]);
    expect(checkSecrets(external, catalog, new Map())).toMatchObject({
      result: 'unverified',
      detail: 'the store vault makes them after the apply',
    });
  });
});

describe('quotas', () => {
  const foreign = (hard: object) =>
    quota.parse({ metadata: { name: 'team', namespace: 'assistants' }, spec: { hard } });
  it('of others may be too small', () => {
    expect(checkQuotas(wanted, [foreign({ 'limits.memory': '1Gi', pods: 100 })])).toMatchObject({
      result: 'problem',
      detail: 'assistants/team allows limits.memory 1Gi, which is too little',
    });
    expect(checkQuotas(wanted, [foreign({ pods: '5' })])).toMatchObject({ result: 'problem' });
  });
  it('of others may be large enough', () => {
    expect(checkQuotas(wanted, [foreign({ 'limits.memory': '100Gi', 'limits.cpu': '100' })])).toMatchObject({
      result: 'ok',
    });
  });
  it('of ours follow the manifests', () => {
    const own = wanted.filter(({ kind }) => kind === 'ResourceQuota').map((object) => quota.parse(object));
    const small = own.map((one) => ({ ...one, spec: { hard: { pods: '1' } } }));
    expect(small.length).toBeGreaterThan(0);
    expect(checkQuotas(wanted, small)).toMatchObject({ result: 'ok' });
  });
});

describe('images', () => {
  const images = ['localhost/ai-assistants/security:1', 'docker.io/library/redis:7'];
  it('of a cluster elsewhere cannot be looked for', () => {
    expect(checkImages(images.slice(1), undefined)).toMatchObject({
      result: 'unverified',
      detail: '1 to be pulled by the nodes; the rollout shows it',
    });
  });
  it('of ours have to be in the nodes of a cluster elsewhere, which is said', () => {
    expect(checkImages(images, undefined)).toMatchObject({
      result: 'unverified',
      detail:
        '1 to be pulled by the nodes; the rollout shows it; ' +
        '1 of localhost have to be in the nodes: kind, if it is on PATH, has no such cluster to load them into',
    });
  });
  it('of ours must be here', () => {
    expect(checkImages(images, new Set(images.slice(1)))).toMatchObject({
      result: 'problem',
      detail: 'localhost/ai-assistants/security:1 is neither in the nodes nor in the local Docker: build it',
    });
  });
  it('of a registry may be pulled', () => {
    expect(checkImages(images, new Set(images.slice(0, 1)))).toMatchObject({
      result: 'ok',
      detail: '1 here, 1 to be pulled',
    });
  });
});

describe('nodes', () => {
  const nodeWith = (name: string, type: string, status: string) =>
    node.parse({ metadata: { name }, status: { conditions: [{ type, status }] } });
  const good = nodeWith('a', 'Ready', 'True');
  it('one is enough, and what is wrong with others is said', () => {
    expect(checkNodes([good, nodeWith('b', 'DiskPressure', 'True')])).toEqual({
      name: 'Nodes',
      result: 'ok',
      detail: '1 of 2 ready, with enough disk and memory; b: DiskPressure',
    });
  });
  it.each([
    ['Ready', 'Unknown', 'not ready'],
    ['DiskPressure', 'True', 'DiskPressure'],
  ])('none is left when %s is %s', (type, status, said) => {
    expect(checkNodes([nodeWith('b', type, status)])).toMatchObject({
      result: 'problem',
      detail: `0 of 1 ready, with enough disk and memory; b: ${said}`,
    });
  });
});

describe('backup volumes', () => {
  const volume = (name: string, phase: string) =>
    claim.parse({ metadata: { name, namespace: 'assistants' }, status: { phase } });
  it('may not be lost', () => {
    const claims = [volume('backup-security', 'Lost'), volume('backup-analytics', 'Bound')];
    expect(checkBackupVolumes(config, SERVICES, claims)).toMatchObject({
      result: 'problem',
      detail: 'backup-security is lost',
    });
    expect(checkBackupVolumes(config, SERVICES, claims.slice(1))).toMatchObject({
      detail: `1 of ${WITH_DATABASE.length} there`,
    });
  });
  it('are not looked for without backups', () => {
    const without = configOf('dev', [{ backups: { enabled: false } }]);
    expect(checkBackupVolumes(without, SERVICES, [])).toMatchObject({ result: 'unverified' });
  });
});
