/**
 * Each way to apply may follow another on a real API server (KUBECONFIG): kubectl of either kind and the command end in the same
 * state, and the same again changes nothing. Namespaces with a suffix, so that the other tests of this server are not met.
 */
import { beforeAll, describe, expect, it } from 'vitest';
import type { ConfigOverride } from '../../charts/config/environments.ts';
import { LAST_APPLIED } from '../../ops/core/adapt.ts';
import { type KubeObject, kubeObject } from '../../ops/core/objects.ts';
import { checkAccepted, type Plan } from '../../ops/core/plan.ts';
import { applyDue, dueOf } from '../../ops/steps/apply.ts';
import { Kubectl } from '../../ops/tools/kubectl.ts';
import { render } from '../support/objects.ts';
import { installDefinitions, kubectl, kubectlWith } from './support.ts';

const SUFFIX = `-f${process.pid}`;
const NAMESPACE = `assistants${SUFFIX}`;

const rendered = (...overrides: readonly ConfigOverride[]): readonly KubeObject[] =>
  render('production', [{ nameSuffix: SUFFIX }, ...overrides]).map((object) => kubeObject.parse(object));
const asList = (items: readonly KubeObject[]): string =>
  JSON.stringify({ apiVersion: 'v1', kind: 'List', items });
const api = new Kubectl(kubectl('config', 'current-context').trim());

const SERVER_SIDE = ['--server-side', '--force-conflicts', '--field-manager=platform'];

type Way = (objects: readonly KubeObject[]) => Promise<void> | void;
const planOf = (objects: readonly KubeObject[]): Promise<Plan> => api.plan('production', objects);

async function ours(objects: readonly KubeObject[]): Promise<void> {
  const plan = await planOf(objects);
  checkAccepted(plan);
  await applyDue(api, plan, dueOf(plan, objects));
}
const WAYS: Readonly<Record<string, Way>> = {
  'the command': ours,
  'kubectl, server-side': (objects) => {
    kubectlWith(asList(objects), 'apply', ...SERVER_SIDE, '-f', '-');
  },
  'kubectl, client-side': (objects) => {
    kubectlWith(asList(objects), 'apply', '-f', '-');
  },
};

const get = (kind: string, name: string, path: string): string =>
  kubectl('get', kind, name, '-n', NAMESPACE, '-o', `jsonpath=${path}`);

beforeAll(() => {
  installDefinitions();
  const namespaces = rendered().filter(({ kind }) => kind === 'Namespace');
  kubectlWith(asList(namespaces), 'apply', '--server-side', '--field-manager=platform', '-f', '-');
});

describe('production', () => {
  const objects = rendered();
  const ofThisRun = ({ metadata }: KubeObject): boolean => metadata.namespace?.endsWith(SUFFIX) ?? false;
  /** Every object, without the fields that the cluster and each way to apply write about themselves. */
  const state = (): unknown =>
    JSON.parse(kubectlWith(asList(objects), 'get', '-o', 'json', '-f', '-'), (key, value) =>
      ['resourceVersion', 'generation', 'status', 'creationTimestamp', LAST_APPLIED].includes(key) ||
      (key === 'annotations' && Object.keys(value).length === 0)
        ? undefined
        : value,
    );

  // In this order each way follows each other way.
  const ORDER = [
    'kubectl, client-side',
    'kubectl, server-side',
    'the command',
    'kubectl, client-side',
    'the command',
    'kubectl, server-side',
    'kubectl, client-side',
  ];
  it('is in the same state after each way, with nothing left to change', async () => {
    let first: unknown;
    for (const name of ORDER) {
      await WAYS[name]?.(objects);
      first ??= state();
      expect(state(), name).toEqual(first);
      const { created, changed, unchanged, pruned } = await planOf(objects);
      expect([...created, ...changed, ...pruned.filter(ofThisRun)], name).toEqual([]);
      expect(unchanged, name).toHaveLength(objects.length);
    }
  }, 900_000);
  it('kubectl diff of either kind is silent', () => {
    expect(kubectlWith(asList(objects), 'diff', '-f', '-')).toBe('');
    expect(kubectlWith(asList(objects), 'diff', ...SERVER_SIDE, '-f', '-')).toBe('');
  }, 900_000);
});

describe('turning autoscaling on', () => {
  const FIXED: ConfigOverride = { autoscaling: { enabled: false }, replicas: 4 };
  const only = (objects: readonly KubeObject[]): readonly KubeObject[] =>
    objects.filter(
      ({ kind, metadata }) =>
        metadata.name === 'api-gateway' && ['Deployment', 'HorizontalPodAutoscaler'].includes(kind),
    );
  const replicas = (): number => Number(get('deployment', 'api-gateway', '{.spec.replicas}'));

  it.each(Object.entries(WAYS))(
    'keeps the pods which %s had asked for, whatever applies afterwards',
    async (_, way) => {
      kubectl('delete', 'deployment,hpa', 'api-gateway', '-n', NAMESPACE, '--ignore-not-found');
      await way(only(rendered(FIXED)));
      expect(replicas()).toBe(4);
      const autoscaled = only(rendered());
      await ours(autoscaled);
      expect(replicas()).toBe(4);
      for (const next of Object.values(WAYS)) {
        await next(autoscaled);
        expect(replicas()).toBe(4);
      }
      expect((await planOf(autoscaled)).changed).toEqual([]);
      // This writes the number like the autoscaler.
      kubectl('scale', 'deployment', 'api-gateway', '-n', NAMESPACE, '--replicas=5');
      for (const next of Object.values(WAYS)) {
        await next(autoscaled);
        expect(replicas()).toBe(5);
      }
      await ours(only(rendered(FIXED)));
      expect(replicas()).toBe(4);
    },
  );
});

/** Acts like a cluster's garbage collector when a set is deleted with its pods orphaned. */
async function orphaning<T>(work: Promise<T>): Promise<T> {
  let done = false;
  const ended = work.finally(() => {
    done = true;
  });
  while (!done) {
    const text = kubectl('get', 'statefulsets', '-n', NAMESPACE, '-o', 'json');
    const sets: readonly KubeObject[] = JSON.parse(text).items;
    for (const { metadata } of sets.filter((set) => set.metadata.deletionTimestamp))
      kubectl(
        'patch',
        'statefulset',
        metadata.name,
        '-n',
        NAMESPACE,
        '-p',
        '{"metadata":{"finalizers":null}}',
      );
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
  return ended;
}

describe('a volume', () => {
  const CLASS = `grows${SUFFIX}`;
  const sized = (storage: string): readonly KubeObject[] =>
    rendered({ storageClass: CLASS, databases: { storage } }).filter(
      ({ metadata }) =>
        metadata.name.endsWith('postgres-security') || metadata.name === 'data-postgres-security-0',
    );
  const storage = (): string => get('pvc', 'data-postgres-security-0', '{.spec.resources.requests.storage}');
  const allowExpansion = (allowed: boolean): void => {
    kubectlWith(
      JSON.stringify({
        apiVersion: 'storage.k8s.io/v1',
        kind: 'StorageClass',
        metadata: { name: CLASS },
        provisioner: 'example.com/none',
        allowVolumeExpansion: allowed,
      }),
      'apply',
      '-f',
      '-',
    );
  };

  beforeAll(async () => {
    allowExpansion(true);
    await ours(sized('50Gi'));
    const claim = ['pvc', 'data-postgres-security-0', '-n', NAMESPACE] as const;
    kubectl('patch', ...claim, '-p', '{"spec":{"volumeName":"follow-volume"}}');
    kubectl(
      'patch',
      ...claim,
      '--subresource=status',
      '-p',
      '{"status":{"phase":"Bound","capacity":{"storage":"50Gi"}}}',
    );
  });

  it('that cannot grow is refused before anything changes, and the rest is still compared', async () => {
    allowExpansion(false);
    const plan = await planOf(sized('100Gi'));
    expect(plan.refused.map(({ object }) => object.metadata.name)).toEqual(['data-postgres-security-0']);
    expect(plan.unchanged.length).toBeGreaterThan(3);
    expect(() => checkAccepted(plan)).toThrow(/the storageclass that provisions the pvc must support resize/);
    expect(storage()).toBe('50Gi');
  });
  it.each(Object.entries(WAYS))('grows when its class allows it: %s', async (_, way) => {
    allowExpansion(true);
    const larger = `${Number.parseInt(storage(), 10) + 10}Gi`;
    await way(sized(larger));
    expect(storage()).toBe(larger);
    expect((await planOf(sized(larger))).changed).toEqual([]);
  });
  it('keeps its size when a smaller one is asked for, as an earlier release may', async () => {
    const before = storage();
    await ours(sized('50Gi'));
    expect(storage()).toBe(before);
  });
  it('of a StatefulSet with a template of claims, as releases had before: the set is made anew', async () => {
    const wanted = sized('90Gi');
    const set = wanted.find(({ kind }) => kind === 'StatefulSet');
    if (!set) throw new Error('no StatefulSet');
    kubectl('delete', 'statefulset', set.metadata.name, '-n', NAMESPACE);
    const before = JSON.parse(JSON.stringify(set));
    before.spec.volumeClaimTemplates = [
      {
        metadata: { name: 'data' },
        spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '50Gi' } } },
      },
    ];
    before.spec.template.spec.volumes = before.spec.template.spec.volumes.filter(
      ({ name }: { name: string }) => name !== 'data',
    );
    kubectlWith(JSON.stringify(before), 'apply', '--server-side', '--field-manager=platform', '-f', '-');
    const plan = await planOf(wanted);
    expect(plan.recreated.map(({ kind }) => kind)).toEqual(['StatefulSet']);
    expect(plan.refused).toEqual([]);
    await orphaning(applyDue(api, plan, dueOf(plan, wanted)));
    expect(get('statefulset', set.metadata.name, '{.spec.volumeClaimTemplates}')).toBe('');
    // And back.
    const earlier = [kubeObject.parse(before)];
    await orphaning(ours(earlier));
    expect(get('statefulset', set.metadata.name, '{.spec.volumeClaimTemplates[0].metadata.name}')).toBe(
      'data',
    );
    await orphaning(ours(wanted));
    expect((await planOf(wanted)).changed).toEqual([]);
  });
});
