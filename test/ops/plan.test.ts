import { describe, expect, it } from 'vitest';
import { ENVIRONMENTS } from '../../charts/config/environments.ts';
import { adapt, LAST_APPLIED, memoryOf, REPLICAS_MANAGER } from '../../ops/core/adapt.ts';
import {
  INVENTORY_RESOURCES,
  identity,
  KEPT_KINDS,
  type KubeObject,
  kubeObject,
  parseObjects,
} from '../../ops/core/objects.ts';
import {
  type Answers,
  beingDeleted,
  changes,
  checkAccepted,
  existing,
  planApply,
  summary,
} from '../../ops/core/plan.ts';
import { render } from '../support/objects.ts';

const object = (kind: string, name: string, extra: object = {}, metadata: object = {}): KubeObject =>
  kubeObject.parse({ apiVersion: 'v1', kind, metadata: { name, namespace: 'a', ...metadata }, ...extra });
const names = (objects: readonly KubeObject[]): readonly string[] =>
  objects.map(({ metadata }) => metadata.name);
const NONE: ReadonlySet<string> = new Set();
const answered = (merged: readonly KubeObject[], refused: Answers['refused'] = []): Answers => ({
  merged,
  refused,
});

describe('what an apply would do', () => {
  const wanted = [object('ConfigMap', 'new'), object('ConfigMap', 'same'), object('ConfigMap', 'other')];
  const live = [
    object(
      'ConfigMap',
      'same',
      { data: { a: '1' }, status: { x: 1 } },
      { resourceVersion: '1', generation: 1 },
    ),
    object('ConfigMap', 'other', { data: { a: '1' } }),
    object('ConfigMap', 'old'),
  ];
  const merged = [
    object('ConfigMap', 'same', { data: { a: '1' } }, { resourceVersion: '2', generation: 2 }),
    object('ConfigMap', 'other', { data: { a: '2' } }),
  ];
  const plan = planApply(wanted, live, answered(merged), NONE);

  it('sorts every object into one of four lists', () => {
    expect([plan.created, plan.changed, plan.unchanged, plan.pruned].map(names)).toEqual([
      ['new'],
      ['other'],
      ['same'],
      ['old'],
    ]);
  });
  it('counts and says so', () => {
    expect(changes(plan)).toBe(3);
    expect(summary(plan)).toBe('3 objects changed (1 created, 1 updated, 1 pruned), 1 unchanged');
  });
  it('says 0 when nothing differs', () => {
    const same = planApply(
      [object('ConfigMap', 'same')],
      live.slice(0, 1),
      answered(merged.slice(0, 1)),
      NONE,
    );
    expect(summary(same)).toBe('0 objects changed (0 created, 0 updated, 0 pruned), 1 unchanged');
  });
  it('asks the API server only about what exists', () => {
    expect(names(existing(wanted, live))).toEqual(['same', 'other']);
  });
  it('knows what is wanted and still being deleted, whose contents would go with it', () => {
    const leaving = { deletionTimestamp: '2026-01-01T00:00:00Z' };
    const there = [
      object('Namespace', 'same', {}, { namespace: undefined, ...leaving }),
      object('ConfigMap', 'same', {}, leaving),
      object('ConfigMap', 'other'),
      object('ConfigMap', 'old', {}, leaving),
    ];
    expect(beingDeleted(wanted, there)).toEqual([there[1]]);
    expect(beingDeleted([...there.slice(0, 1), ...wanted], there)).toEqual(there.slice(0, 2));
  });
  it('knows an object again in another version of its API', () => {
    const v1 = kubeObject.parse({ apiVersion: 'batch/v1', kind: 'CronJob', metadata: { name: 'x' } });
    expect(identity(v1)).toBe(identity({ ...v1, apiVersion: 'batch/v1beta1' }));
    expect(identity(v1)).not.toBe(identity({ ...v1, apiVersion: 'apps/v1' }));
  });
});

describe('what the API server refuses', () => {
  const set = object('StatefulSet', 'set');
  const claim = object('PersistentVolumeClaim', 'data');
  const same = object('ConfigMap', 'same');
  const immutable = {
    object: set,
    reason: "spec: Forbidden: updates to statefulset spec for fields other than 'replicas' are forbidden",
  };
  const fixed = { object: claim, reason: 'only dynamically provisioned pvc can be resized' };
  const all = [set, claim, same];
  const plan = planApply(all, all, answered([same], [immutable, fixed]), NONE);

  it('makes a set anew and leaves the rest of the plan as it is', () => {
    expect([plan.recreated, plan.changed, plan.unchanged].map(names)).toEqual([['set'], ['set'], ['same']]);
    expect(plan.refused).toEqual([fixed]);
    expect(summary(plan)).toBe('1 object changed (0 created, 1 updated, 0 pruned), 1 unchanged, 1 refused');
  });
  it('ends an apply before anything is changed, with the reason and the way to do it', () => {
    expect(() => checkAccepted(plan)).toThrow(
      /refuses PersistentVolumeClaim a\/data: only dynamically provisioned.*"Volumes"/,
    );
    expect(() => checkAccepted(planApply(all, all, answered(all), NONE))).not.toThrow();
  });
  it('does not make a set anew for another reason', () => {
    const invalid = { object: set, reason: 'spec.template.spec.containers[0].image: Required value' };
    expect(planApply([set], [set], answered([], [invalid]), NONE).refused).toEqual([invalid]);
  });
});

describe('what is sent depends on what there is', () => {
  const deployment = (spec: object, managers: readonly object[] = []): KubeObject =>
    object('Deployment', 'web', { spec }, { managedFields: managers });
  const owner = (manager: string, more: object = {}): object => ({
    manager,
    operation: 'Apply',
    fieldsV1: { 'f:spec': { 'f:replicas': {} } },
    ...more,
  });
  const claim = (storage: string): KubeObject =>
    object('PersistentVolumeClaim', 'data', { spec: { resources: { requests: { storage } } } });
  const sent = (wanted: KubeObject, live: KubeObject): unknown =>
    adapt([wanted], [live]).sent.get(wanted)?.spec;

  it.each([
    ['ours', owner('platform')],
    ['Flux', owner('kustomize-controller')],
  ])('the number of pods is kept when manifests no longer name it, and %s did', (_, entry) => {
    expect(sent(deployment({}), deployment({ replicas: 4 }, [entry]))).toEqual({ replicas: 4 });
  });
  it.each([
    ['the autoscaler', owner('kube-controller-manager', { operation: 'Update', subresource: 'scale' })],
    ['the manager that hands over', owner(REPLICAS_MANAGER)],
  ])('the number of pods belongs to %s already', (_, entry) => {
    expect(sent(deployment({}), deployment({ replicas: 4 }, [entry]))).toBeUndefined();
  });
  it('the number of pods is kept when kubectl remembers that manifests named it', () => {
    const live = (last: object): KubeObject => ({
      ...deployment({ replicas: 4 }),
      metadata: { name: 'web', namespace: 'a', annotations: { [LAST_APPLIED]: JSON.stringify(last) } },
    });
    expect(sent(deployment({}), live({ spec: { replicas: 2 } }))).toEqual({ replicas: 4 });
    expect(sent(deployment({}), live({ spec: {} }))).toBeUndefined();
  });
  it('the number of pods is set where manifests name it', () => {
    expect(
      sent(deployment({ replicas: 2 }), deployment({ replicas: 4 }, [owner('platform')])),
    ).toBeUndefined();
  });
  it('a volume never shrinks, and the plan says so', () => {
    const adapted = adapt([claim('10Gi')], [claim('50Gi')]);
    expect([...adapted.sent.values()]).toEqual([claim('50Gi')]);
    expect(adapted.notes).toEqual(['a/data keeps its 50Gi: a volume cannot shrink']);
    expect(adapt([claim('100Gi')], [claim('50Gi')]).sent.size).toBe(0);
  });
  it('what kubectl remembers is brought up to date, where it remembers something', () => {
    const wanted = object('ConfigMap', 'c', { data: { a: '2' } });
    const before = object('ConfigMap', 'c', {}, { annotations: { [LAST_APPLIED]: '{}' } });
    expect(memoryOf(wanted, before)).toEqual({
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: {
        name: 'c',
        namespace: 'a',
        annotations: { [LAST_APPLIED]: `${JSON.stringify(wanted)}\n` },
      },
    });
    expect(memoryOf(wanted, object('ConfigMap', 'c'))).toBeUndefined();
  });
  it('what kubectl remembers is no difference', () => {
    const one = object('ConfigMap', 'c', { data: { a: '1' } });
    const live = object('ConfigMap', 'c', { data: { a: '1' } }, { annotations: { [LAST_APPLIED]: '{}' } });
    expect(changes(planApply([one], [live], answered([one]), NONE))).toBe(0);
  });
});

describe('pruning', () => {
  const pruned = (live: readonly KubeObject[], occupied = NONE): readonly string[] =>
    names(planApply([], live, answered([]), occupied).pruned);

  it('never takes volume claims', () => {
    expect(pruned([object('PersistentVolumeClaim', 'data')])).toEqual([]);
  });
  it('leaves what another object owns to its owner', () => {
    expect(pruned([object('Job', 'nightly', {}, { ownerReferences: [{ kind: 'CronJob' }] })])).toEqual([]);
  });
  it('keeps a namespace that holds a volume claim, and takes others last', () => {
    const live = [object('Namespace', 'full'), object('Namespace', 'empty'), object('ConfigMap', 'c')];
    expect(pruned(live, new Set(['full']))).toEqual(['c', 'empty']);
  });
  it.each(ENVIRONMENTS)('looks at every kind %s renders', (environment) => {
    const kinds = INVENTORY_RESOURCES.map((resource) => resource.split('.')[0]);
    const plural = (kind: string): string =>
      kind.toLowerCase().replace(/(s)$/, '$1e').replace(/y$/, 'ie').concat('s');
    const rendered = new Set(render(environment).map(({ kind }) => kind));
    expect(rendered.size).toBeGreaterThan(10);
    expect([...rendered].map(plural).filter((kind) => !kinds.includes(kind))).toEqual([]);
  });
  it('keeps kinds that really are rendered', () => {
    const rendered = [
      ...render('dev'),
      ...render('production', [{ databases: { engine: 'cloudnative-pg' } }]),
    ];
    for (const kind of KEPT_KINDS) expect(rendered.map((one) => one.kind)).toContain(kind);
  });
});

describe('output of kubectl', () => {
  const text = (value: unknown): string => JSON.stringify(value, null, 4);
  const one = object('ConfigMap', 'one');
  it.each([
    ['nothing', '', 0],
    ['one object', text(one), 1],
    ['a List', text({ apiVersion: 'v1', kind: 'List', items: [one, one] }), 2],
    ['objects after each other', `${text(one)}\n${text(one)}\n`, 2],
  ])('%s', (_, output, count) => {
    expect(parseObjects(kubeObject, output)).toHaveLength(count);
  });
});
