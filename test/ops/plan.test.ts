import { describe, expect, it } from 'vitest';
import { ENVIRONMENTS } from '../../charts/config/environments.ts';
import { INVENTORY_RESOURCES, KEPT_KINDS } from '../../ops/core/inventory.ts';
import { identity, type KubeObject, kubeObject, parseObjects } from '../../ops/core/objects.ts';
import { changes, existing, planApply, summary } from '../../ops/core/plan.ts';
import { find, render } from '../support/objects.ts';

const object = (kind: string, name: string, extra: object = {}, metadata: object = {}): KubeObject =>
  kubeObject.parse({ apiVersion: 'v1', kind, metadata: { name, namespace: 'a', ...metadata }, ...extra });
const names = (objects: readonly KubeObject[]): readonly string[] =>
  objects.map(({ metadata }) => metadata.name);
const NONE: ReadonlySet<string> = new Set();

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
  const plan = planApply(wanted, live, merged, NONE);

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
    const same = planApply([object('ConfigMap', 'same')], live.slice(0, 1), merged.slice(0, 1), NONE);
    expect(summary(same)).toBe('0 objects changed (0 created, 0 updated, 0 pruned), 1 unchanged');
  });
  it('asks the API server only about what exists', () => {
    expect(names(existing(wanted, live))).toEqual(['same', 'other']);
  });
  it('knows an object again in another version of its API', () => {
    const v1 = kubeObject.parse({ apiVersion: 'batch/v1', kind: 'CronJob', metadata: { name: 'x' } });
    expect(identity(v1)).toBe(identity({ ...v1, apiVersion: 'batch/v1beta1' }));
    expect(identity(v1)).not.toBe(identity({ ...v1, apiVersion: 'apps/v1' }));
  });
});

describe('pruning', () => {
  const pruned = (live: readonly KubeObject[], occupied = NONE): readonly string[] =>
    names(planApply([], live, [], occupied).pruned);

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
    for (const kind of KEPT_KINDS)
      expect(find(render('dev'), kind, 'backup-user-management').kind).toBe(kind);
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
