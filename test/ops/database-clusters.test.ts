/** Databases of CloudNativePG as its operator reports them: waited for, shown and checked like every other workload. */
import { describe, expect, it } from 'vitest';
import { topologyOf } from '../../charts/app.ts';
import { SERVICES } from '../../charts/topology.ts';
import { checkDatabases } from '../../ops/core/checks.ts';
import { absent, statusRows } from '../../ops/core/status.ts';
import { explain, pod, podsOf, progressOf, type Workload, workload } from '../../ops/core/workloads.ts';
import { configOf } from '../support/objects.ts';

const config = configOf('production', [{ databases: { engine: 'cloudnative-pg' } }]);
const topology = topologyOf(config);
const NAMES = topology.components.filter(({ kind }) => kind === 'postgres').map(({ name }) => name);
const BORN = '2026-01-01T00:00:00Z';
const HEALTHY = 'Cluster in healthy state';

/** As `kubectl get clusters.postgresql.cnpg.io -o json` prints it with the operator 1.30; what is not read is left out. */
const clusterOf = (status: object, name = 'postgres-security'): Workload =>
  workload.parse({
    apiVersion: 'postgresql.cnpg.io/v1',
    kind: 'Cluster',
    metadata: { name, namespace: 'assistants', generation: 1, creationTimestamp: BORN },
    spec: { instances: 3, imageName: 'ghcr.io/cloudnative-pg/postgresql:15', storage: { size: '50Gi' } },
    status,
  });
const whole = { instances: 3, readyInstances: 3, phase: HEALTHY, currentPrimary: 'postgres-security-1' };
/** A replica that cannot resolve the primary stays in its join. */
const joining = {
  instances: 2,
  readyInstances: 1,
  phase: 'Creating a new replica',
  phaseReason: 'Creating replica postgres-security-2-join',
};

describe('a Cluster', () => {
  it.each<[string, object, number, boolean]>([
    ['is done when all instances are ready', whole, 3, true],
    ['is not while a replica joins', joining, 1, false],
    ['is not with an instance missing, whatever its phase', { ...whole, readyInstances: 2 }, 2, false],
    ['is not while it is switched over', { ...whole, phase: 'Switchover in progress' }, 3, false],
    ['is not before the operator has seen it', {}, 0, false],
  ])('%s', (_, status, ready, done) => {
    expect(progressOf(clusterOf(status))).toEqual({ ready, wanted: 3, done });
  });
  it('has the pods the operator labels, and says what the operator is at', () => {
    const podOf = (name: string, cluster: string) =>
      pod.parse({
        metadata: {
          name,
          namespace: 'assistants',
          labels: { 'cnpg.io/cluster': cluster },
          creationTimestamp: BORN,
        },
        status: { phase: 'Running' },
      });
    const pods = [
      podOf('postgres-security-1', 'postgres-security'),
      podOf('postgres-analytics-1', 'postgres-analytics'),
    ];
    expect(podsOf(clusterOf(whole), pods).map(({ metadata }) => metadata.name)).toEqual([
      'postgres-security-1',
    ]);
    expect(explain(clusterOf(joining), [], [])[0]).toBe(
      'assistants/postgres-security: 1 of 3 ready, Creating a new replica: Creating replica postgres-security-2-join',
    );
  });
});

describe('status and up', () => {
  it('miss databases that are not there', () => {
    expect(absent(config, topology, [])).toEqual(expect.arrayContaining(NAMES));
    expect(
      absent(
        config,
        topology,
        NAMES.map((name) => clusterOf(whole, name)),
      ),
    ).not.toEqual(expect.arrayContaining(NAMES.slice(0, 1)));
  });
  it('show instances, and why one is not ready', () => {
    const rows = statusRows(config, topology, { workloads: [clusterOf(joining)], pods: [] }, new Date(BORN));
    expect(rows.find(({ component }) => component === 'postgres-security')).toMatchObject({
      zone: 'app',
      ready: 1,
      wanted: 3,
      ok: false,
      image: 'ghcr.io/cloudnative-pg/postgresql:15',
      reason: 'Creating a new replica: Creating replica postgres-security-2-join',
    });
    expect(rows.find(({ component }) => component === 'postgres-analytics')).toMatchObject({
      ok: false,
      reason: 'not deployed',
    });
  });
});

describe('validate', () => {
  const check = (...workloads: readonly Workload[]) => checkDatabases(config, SERVICES, workloads)[0];
  it.each<[string, readonly Workload[], string, string]>([
    ['nothing is there yet', [], 'ok', '0 of 5 there'],
    [
      'all are whole',
      NAMES.map((name) => clusterOf(whole, name)),
      'ok',
      '5 of 5 there, every instance ready',
    ],
    [
      'a replica is missing',
      [clusterOf(joining)],
      'unverified',
      'postgres-security: 1 of 3 instances ready (Creating a new',
    ],
    [
      'no instance is ready',
      [clusterOf({ ...joining, readyInstances: 0 })],
      'problem',
      'postgres-security: 0 of 3',
    ],
  ])('%s', (_, workloads, result, detail) => {
    expect(check(...workloads)?.result).toBe(result);
    expect(check(...workloads)?.detail).toContain(detail);
  });
  it('says nothing of databases that no operator runs', () => {
    expect(checkDatabases(configOf('production'), SERVICES, [])).toEqual([]);
  });
});
