import { describe, expect, it } from 'vitest';
import { topologyOf } from '../../charts/app.ts';
import { reachability } from '../../charts/graph/reach.ts';
import { matrixOf } from '../../ops/core/probe.ts';
import { absent, age, statusRows } from '../../ops/core/status.ts';
import {
  event,
  explain,
  pod,
  progressOf,
  reasonOf,
  type Workload,
  workload,
} from '../../ops/core/workloads.ts';
import { configOf } from '../support/objects.ts';

const config = configOf('dev');
const topology = topologyOf(config);
const BORN = '2026-01-01T00:00:00Z';

const workloadOf = (name: string, status: object = {}, kind = 'Deployment'): Workload =>
  workload.parse({
    kind,
    metadata: { name, namespace: 'assistants', generation: 2, creationTimestamp: BORN },
    spec: {
      replicas: 1,
      selector: { matchLabels: { app: name } },
      template: { spec: { containers: [{ image: 'i:1' }] } },
    },
    status: { observedGeneration: 2, replicas: 1, readyReplicas: 1, updatedReplicas: 1, ...status },
  });
const podOf = (name: string, status: object) =>
  pod.parse({
    metadata: { name: `${name}-1`, namespace: 'assistants', labels: { app: name }, creationTimestamp: BORN },
    status,
  });
const pulling = podOf('redis', {
  phase: 'Pending',
  containerStatuses: [
    { name: 'redis', ready: false, restartCount: 3, state: { waiting: { reason: 'ErrImagePull' } } },
  ],
});

describe('workloads an operator makes', () => {
  const made = workload.parse({
    ...workloadOf('prometheus-assistants', {}, 'StatefulSet'),
    metadata: {
      name: 'prometheus-assistants',
      namespace: 'assistants-monitoring',
      generation: 2,
      creationTimestamp: BORN,
    },
  });
  it('are waited for until they are there', () => {
    expect(absent(config, topology, [])).toEqual(
      topology.components.filter(({ presence }) => presence === 'always').map(({ name }) => name),
    );
    expect(absent(config, topology, [])).toContain('prometheus');
    expect(absent(config, topology, [made])).not.toContain('prometheus');
  });
  it('are shown under the name of their component', () => {
    const rows = statusRows(config, topology, { workloads: [made], pods: [] }, new Date(BORN));
    expect(rows.filter(({ component }) => component.includes('prometheus'))).toMatchObject([
      { component: 'prometheus', zone: 'monitoring', ready: 1, ok: true },
    ]);
  });
});

describe('rollouts', () => {
  it.each([
    ['is done', {}, 'Deployment', true],
    ['was not seen by the controller', { observedGeneration: 1 }, 'Deployment', false],
    ['has an old pod left', { replicas: 2 }, 'Deployment', false],
    ['is not updated', { updatedReplicas: 0 }, 'Deployment', false],
    ['is not ready', { readyReplicas: 0 }, 'Deployment', false],
    ['is of one revision', { currentRevision: 'a', updateRevision: 'a' }, 'StatefulSet', true],
    ['is of two revisions', { currentRevision: 'a', updateRevision: 'b' }, 'StatefulSet', false],
    [
      'is on every node',
      { desiredNumberScheduled: 2, numberReady: 2, updatedNumberScheduled: 2 },
      'DaemonSet',
      true,
    ],
    [
      'is on one of two nodes',
      { desiredNumberScheduled: 2, numberReady: 1, updatedNumberScheduled: 2 },
      'DaemonSet',
      false,
    ],
  ])('%s', (_, status, kind, done) => {
    expect(progressOf(workloadOf('redis', status, kind)).done).toBe(done);
  });
});

describe('reasons', () => {
  it.each([
    ['redis: ErrImagePull', pulling],
    [
      'migrate: Error, exit status 2',
      podOf('a', {
        phase: 'Pending',
        initContainerStatuses: [
          { name: 'migrate', ready: false, state: { terminated: { reason: 'Error', exitCode: 2 } } },
        ],
        containerStatuses: [{ name: 'a', ready: false, state: { waiting: { reason: 'PodInitializing' } } }],
      }),
    ],
    [
      'not scheduled: no memory',
      podOf('a', { conditions: [{ type: 'PodScheduled', status: 'False', message: 'no memory' }] }),
    ],
    [
      'a: not ready',
      podOf('a', { phase: 'Running', containerStatuses: [{ name: 'a', ready: false, state: {} }] }),
    ],
    [undefined, podOf('a', { phase: 'Running', containerStatuses: [{ name: 'a', ready: true, state: {} }] })],
  ])('%s', (reason, subject) => {
    expect(reasonOf(subject)).toBe(reason);
  });
  it('explains a workload by its pods and their last warnings', () => {
    const warning = event.parse({
      type: 'Warning',
      reason: 'Failed',
      message: 'no\nsuch image',
      involvedObject: { name: 'redis-1', namespace: 'assistants' },
    });
    const other = event.parse({
      type: 'Warning',
      reason: 'Failed',
      involvedObject: { name: 'b', namespace: 'assistants' },
    });
    expect(explain(workloadOf('redis', { readyReplicas: 0 }), [pulling], [warning, other])).toEqual([
      'assistants/redis: 0 of 1 ready',
      '  pod redis-1: Pending, redis: ErrImagePull',
      '  event Failed: no such image',
    ]);
  });
});

describe('status', () => {
  const now = new Date('2026-01-01T01:00:00Z');
  it('has a row for each component that should run, deployed or not', () => {
    const rows = statusRows(config, topology, { workloads: [], pods: [] }, now);
    expect(rows.map(({ component }) => component)).toEqual(
      topology.components.filter(({ presence }) => presence === 'always').map(({ name }) => name),
    );
    expect(new Set(rows.map(({ reason }) => reason))).toEqual(new Set(['not deployed']));
  });
  it('says why a component is not ready, and shows what else runs', () => {
    const workloads = [workloadOf('redis', { readyReplicas: 0 }, 'StatefulSet'), workloadOf('extra')];
    const rows = statusRows(config, topology, { workloads, pods: [pulling] }, now);
    expect(rows.find(({ component }) => component === 'redis')).toEqual({
      component: 'redis',
      zone: 'app',
      ready: 0,
      wanted: 1,
      ok: false,
      image: 'i:1',
      restarts: 3,
      ageSeconds: 3600,
      reason: 'redis: ErrImagePull',
    });
    expect(rows.at(-1)).toMatchObject({ component: 'extra', ok: true, reason: '' });
  });
  it.each([
    [12, '12s'],
    [420, '7m'],
    [18_720, '5h12m'],
    [273_600, '3d4h'],
  ])('%i s is %s', (count, text) => {
    expect(age(count)).toBe(text);
  });
});

describe('network matrix', () => {
  const pairs = reachability(topology);
  const matrix = matrixOf(pairs);
  const cell = (from: string, to: string) =>
    matrix.cells[matrix.names.indexOf(from)]?.[matrix.names.indexOf(to)];
  it('counts every pair once', () => {
    expect(matrix.allowed + matrix.refused).toBe(pairs.length);
    expect(matrix.allowed).toBe(matrix.cells.flat(2).length);
  });
  it('names the ports', () => {
    expect(cell('user-management', 'postgres-user-management')).toEqual(['postgresql']);
    expect(cell('user-management', 'postgres-security')).toEqual([]);
  });
});
