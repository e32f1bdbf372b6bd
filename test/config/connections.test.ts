/** The budget of connections, and quotas with room for a rollout: the tests exceed each by one. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import {
  CONTROL_CONNECTIONS,
  connectionBudget,
  EXPORTER_CONNECTIONS,
} from '../../charts/config/connections.ts';
import { type ConfigOverride, ENVIRONMENTS } from '../../charts/config/environments.ts';
import { resolveConfig } from '../../charts/config/resolve.ts';
import { footprintsOf, type Workload } from '../../charts/constructs/footprint.ts';
import { find, render, root } from '../support/objects.ts';

const DATABASES = ['ai-assistant', 'onec-integration', 'user-management', 'analytics', 'security'];

describe('connections', () => {
  const limitOf = (
    environment: string,
    service: string,
    overrides: readonly ConfigOverride[] = [],
  ): number => {
    const conf = find(render(environment, overrides), 'ConfigMap', `postgres-${service}`).data?.[
      'postgresql.conf'
    ];
    return Number(/max_connections = '(\d+)'/.exec(conf ?? '')?.[1]);
  };

  it.each(ENVIRONMENTS)(
    '%s: each database takes all pods of its service while they are replaced',
    (environment) => {
      const objects = render(environment);
      for (const service of DATABASES) {
        const deployment = find(objects, 'Deployment', service);
        const autoscaler = objects.find(
          ({ kind, metadata }) => kind === 'HorizontalPodAutoscaler' && metadata.name === service,
        );
        // The autoscaler's default maximum is provided for where it is off.
        const pods = autoscaler?.spec.maxReplicas ?? Math.max(deployment.spec.replicas, 5);
        const env: readonly { name: string; value: string }[] =
          deployment.spec.template.spec.containers[0].env;
        const setting = (name: string): number => Number(env.find((one) => one.name === name)?.value);
        const each = setting('DATABASE_POOL_SIZE') + setting('DATABASE_MAX_OVERFLOW') + CONTROL_CONNECTIONS;
        const { maxSurge } = deployment.spec.strategy.rollingUpdate;
        // Besides these: exporter, migration, backup, restore, people, and PostgreSQL's reserve for the superuser.
        expect(limitOf(environment, service)).toBe(
          (2 * pods + maxSurge) * each + EXPORTER_CONNECTIONS + 2 + 2 + 2 + 2 + 3,
        );
      }
    },
  );
  it('turning the autoscaler on restarts no database: its pods stay as they are', () => {
    const stores = (enabled: boolean): readonly unknown[] =>
      render('dev', [{ autoscaling: { enabled } }])
        .filter(({ kind }) => kind === 'StatefulSet')
        .map(({ metadata, spec }) => [metadata.name, spec.template]);
    expect(stores(true)).toEqual(stores(false));
    expect(stores(true).length).toBeGreaterThan(DATABASES.length);
  });
  it('more replicas than the autoscaler would make count as well', () => {
    expect(limitOf('dev', 'security', [{ replicas: 6 }])).toBeGreaterThan(limitOf('dev', 'security'));
  });
  it('the services read these settings, and have as many connections for themselves', () => {
    const read = (file: string): string =>
      readFileSync(root(`services/common/assistants_common/${file}`), 'utf8');
    for (const name of ['database_pool_size', 'database_max_overflow'])
      expect(read('settings.py')).toMatch(new RegExp(`^    ${name}: int = Field`, 'm'));
    expect(read('database.py')).toContain(
      `{"database_pool_size": ${CONTROL_CONNECTIONS}, "database_max_overflow": 0,`,
    );
  });

  const needed = connectionBudget(resolveConfig('production'), 'security').withDraining;
  it('a limit is taken that is enough', () => {
    expect(limitOf('production', 'security', [{ databases: { maxConnections: needed } }])).toBe(needed);
  });
  it.each([
    ['the limit', { databases: { maxConnections: needed - 1 } }],
    ['one pod more', { databases: { maxConnections: needed }, services: { security: { maxReplicas: 6 } } }],
    ['one connection more in each pool', { databases: { maxConnections: needed, pool: { overflow: 4 } } }],
  ])('%s by one is refused, with the figures', (_, override) => {
    expect(() => resolveConfig('production', [override])).toThrow(
      /databases\.maxConnections: \d+ is not valid, expected at least \d+: a rollout of [a-z-]+ has \d new pods, \d that drain and 1 more, of \d+ connections each/,
    );
  });
  it('memory for all of them is asked for, to the mebibyte', () => {
    const memory = (limit: number): ConfigOverride => ({
      databases: { memory: { request: '256Mi', limit: `${limit}Mi` } },
    });
    const least = Math.ceil((needed * 2) / 0.75);
    expect(() => resolveConfig('production', [memory(least)])).not.toThrow();
    expect(() => resolveConfig('production', [memory(least - 1)])).toThrow(
      `databases.memory.limit: "${least - 1}Mi" is not valid, expected at least ${least}Mi`,
    );
  });
  it('CloudNativePG has connections of its own', () => {
    const override: ConfigOverride = { databases: { engine: 'cloudnative-pg' } };
    expect(connectionBudget(resolveConfig('production', [override]), 'security').withDraining).toBe(
      needed + 3,
    );
  });
});

describe('quotas', () => {
  const deployment = (replicas: number, strategy: object): Workload => ({
    kind: 'Deployment',
    metadata: { name: 'web', namespace: 'a' },
    spec: {
      replicas,
      strategy,
      template: { spec: { containers: [{ resources: { requests: { cpu: '100m' } } }] } },
    },
  });
  const podsOf = (...workloads: readonly Workload[]): number | undefined =>
    footprintsOf(workloads).get('a')?.pods;
  const rolling = (maxSurge: number) => ({ rollingUpdate: { maxSurge } });

  /** Most pods in a rollout: no old pod has drained when the last new pod starts. */
  function fullest(replicas: number, surge: number): number {
    let [fresh, draining, running] = [0, 0, replicas];
    let most = 0;
    while (fresh < replicas) {
      fresh += surge;
      most = Math.max(most, fresh + draining + running);
      running -= surge;
      draining += surge;
    }
    return most;
  }

  it.each([1, 2, 5])('%i replicas: every state of a rollout is admitted', (replicas) => {
    expect(podsOf(deployment(replicas, rolling(1)))).toBeGreaterThanOrEqual(fullest(replicas, 1));
    // With one less, Kubernetes would not create the last pod.
    expect((podsOf(deployment(replicas, rolling(1))) ?? 0) - 1).toBeLessThanOrEqual(2 * replicas);
  });
  it('an old pod ends first where nothing is made beside it', () => {
    expect(podsOf(deployment(3, { type: 'Recreate' }))).toBe(3);
  });
  it('the autoscaler may be at its end, and all Deployments are replaced at once', () => {
    const scaler: Workload = {
      kind: 'HorizontalPodAutoscaler',
      metadata: { name: 'web', namespace: 'a' },
      spec: { scaleTargetRef: { name: 'web' }, maxReplicas: 5 },
    };
    const other = { ...deployment(2, rolling(1)), metadata: { name: 'other', namespace: 'a' } };
    expect(podsOf(deployment(2, rolling(1)), scaler, other)).toBe(11 + 5);
  });
});
