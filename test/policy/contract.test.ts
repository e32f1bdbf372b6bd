/** The figures of the contract, in the manifests. */
import { describe, expect, it } from 'vitest';
import { bytesOf, millicores } from '../../charts/config/quantity.ts';
import {
  CONTRACT_SERVICES,
  configOf,
  find,
  type KubeObject,
  podsOf,
  render as renderServices,
} from '../support/objects.ts';

/** name, port, CPU request/limit, memory request/limit, database, user */
const SIX: readonly [string, number, string, string, string, string, string?, string?][] = [
  ['api-gateway', 3000, '250m', '500m', '256Mi', '512Mi'],
  ['ai-assistant', 8000, '500m', '1', '512Mi', '1Gi', 'ai_assistant_db', 'ai_user'],
  ['onec-integration', 8001, '250m', '500m', '256Mi', '512Mi', '1c_integration_db', '1c_user'],
  ['user-management', 8002, '250m', '500m', '256Mi', '512Mi', 'user_management_db', 'user_user'],
  ['analytics', 8003, '500m', '1', '512Mi', '1Gi', 'analytics_db', 'analytics_user'],
  ['security', 8004, '250m', '500m', '256Mi', '512Mi', 'security_db', 'security_user'],
];

/** The contract's system: services that were added to it are no part of its figures. */
const render = (environment: string): readonly KubeObject[] =>
  renderServices(environment, [], CONTRACT_SERVICES);

const env = (deployment: KubeObject): Readonly<Record<string, string>> =>
  Object.fromEntries(
    deployment.spec.template.spec.containers[0].env.map((item: { name: string; value: string }) => [
      item.name,
      item.value,
    ]),
  );

describe('services', () => {
  const production = render('production');
  const staging = render('staging');
  it.each(SIX)(
    '%s: port %d, resources, database',
    (name, port, cpu, cpuLimit, memory, memoryLimit, database, user) => {
      const deployment = find(production, 'Deployment', name);
      const [container] = deployment.spec.template.spec.containers;
      expect(container.ports).toEqual([{ name: 'http', containerPort: port }]);
      expect(container.resources).toMatchObject({
        requests: { cpu, memory },
        limits: { cpu: cpuLimit, memory: memoryLimit },
      });
      expect(find(production, 'Service', name).spec.ports[0].port).toBe(port);
      expect(env(deployment).POSTGRES_DB).toBe(database);
      expect(env(deployment).POSTGRES_USER).toBe(user);
      if (database && user) {
        const inStaging = env(find(staging, 'Deployment', name));
        expect(inStaging.POSTGRES_DB).toBe(database.replace(/_db$/, '_staging_db'));
        expect(inStaging.POSTGRES_USER).toBe(`${user.replace(/_user$/, '')}_staging`);
      }
    },
  );
  it('the image of onec-integration keeps its name', () => {
    const [container] = find(production, 'Deployment', 'onec-integration').spec.template.spec.containers;
    expect(container.image).toMatch(/\/1c-integration:/);
  });
  it('replicas: dev one each, staging two gateways and assistants, production at least two, autoscaled', () => {
    const replicas = (objects: readonly KubeObject[]) =>
      Object.fromEntries(SIX.map(([name]) => [name, find(objects, 'Deployment', name).spec.replicas]));
    expect(new Set(Object.values(replicas(render('dev'))))).toEqual(new Set([1]));
    expect(replicas(staging)).toMatchObject({ 'api-gateway': 2, 'ai-assistant': 2, security: 1 });
    for (const [name] of SIX)
      expect(find(production, 'HorizontalPodAutoscaler', name).spec.minReplicas).toBeGreaterThanOrEqual(2);
  });
  it('the gateway routes every prefix of the contract, most specific first', () => {
    const routes = JSON.parse(env(find(production, 'Deployment', 'api-gateway')).GATEWAY_ROUTES ?? '[]');
    expect(routes.map((route: { prefix: string }) => route.prefix)).toEqual([
      '/api/users/sign-in',
      '/api/users/auth',
      '/api/analytics',
      '/api/security',
      '/api/users',
      '/api/1c',
      '/api/ai',
    ]);
  });
  it('the gateway chooses among the pods of a service by itself, and streams as long as a pod may live', () => {
    const routes = JSON.parse(env(find(production, 'Deployment', 'api-gateway')).GATEWAY_ROUTES ?? '[]');
    const byPrefix = new Map(routes.map((route: { prefix: string }) => [route.prefix, route]));
    expect(byPrefix.get('/api/ai')).toMatchObject({
      endpoints: 'ai-assistant-pods:8000',
      timeoutMs: 60_000,
      deadlineMs: 120_000,
    });
    expect(byPrefix.get('/api/1c')).toMatchObject({ timeoutMs: 30_000 });
    expect(byPrefix.get('/api/1c')).not.toHaveProperty('deadlineMs');
    for (const [name, port] of SIX.filter(([service]) => service !== 'api-gateway')) {
      const { spec } = find(production, 'Service', `${name}-pods`);
      expect([spec.clusterIP, spec.ports[0].port], name).toEqual(['None', port]);
    }
  });
  it('the gateway keeps administration from those who have no part in it', () => {
    const routes = JSON.parse(env(find(production, 'Deployment', 'api-gateway')).GATEWAY_ROUTES ?? '[]');
    const rules = Object.fromEntries(
      routes.map((route: { prefix: string; rules?: unknown }) => [route.prefix, route.rules]),
    );
    expect(rules['/api/users']).toContainEqual({ path: '/*/role', methods: ['PUT'], roles: ['admin'] });
    expect(rules['/api/security']).toContainEqual({ path: '/**', roles: ['analyst', 'admin'] });
  });
});

describe('stores', () => {
  const production = render('production');
  it('PostgreSQL 15, five, 250m/500m and 256Mi/512Mi, a volume each', () => {
    const stores = production.filter(
      ({ kind, metadata }) => kind === 'StatefulSet' && metadata.name.startsWith('postgres-'),
    );
    expect(stores).toHaveLength(5);
    for (const { metadata, spec } of stores) {
      const [server] = spec.template.spec.containers;
      expect(server.image).toMatch(/postgres:15\./);
      expect(server.resources).toMatchObject({
        requests: { cpu: '250m', memory: '256Mi' },
        limits: { cpu: '500m', memory: '512Mi' },
      });
      expect(server.readinessProbe).toMatchObject({
        periodSeconds: 10,
        timeoutSeconds: 5,
        failureThreshold: 5,
      });
      const claim = find(production, 'PersistentVolumeClaim', `data-${metadata.name}-0`);
      expect(claim.spec.resources.requests.storage).toBe('50Gi');
      expect(spec.template.spec.volumes).toContainEqual({
        name: 'data',
        persistentVolumeClaim: { claimName: claim.metadata.name },
      });
    }
  });
  it('Redis 7 leaves room for the fork that saves its snapshot', () => {
    const [server] = find(production, 'StatefulSet', 'redis').spec.template.spec.containers;
    expect(server.image).toMatch(/redis:7\./);
    expect(server.resources).toMatchObject({
      requests: { cpu: '100m', memory: '128Mi' },
      limits: { cpu: '250m', memory: '256Mi' },
    });
    const conf = find(production, 'ConfigMap', 'redis').data?.['redis.conf'] ?? '';
    for (const line of [
      'maxmemory-policy allkeys-lru',
      'save 900 1',
      'save 300 10',
      'save 60 10000',
      'notify-keyspace-events Ex',
    ])
      expect(conf).toContain(line);
    const maxmemory = Number(/maxmemory (\d+)mb/.exec(conf)?.[1]) * 2 ** 20;
    expect(maxmemory).toBeGreaterThan(64 * 2 ** 20);
    expect(2 * maxmemory).toBeLessThanOrEqual(bytesOf('256Mi') * 0.8);
  });
});

describe('edge', () => {
  it('routes of the contract', () => {
    const paths = render('production')
      .filter(({ kind }) => kind === 'Ingress')
      .map(({ spec }) => spec.rules[0].http.paths[0].path);
    expect(paths.sort()).toEqual(['/1c', '/ai', '/analytics', '/api', '/auth', '/security']);
  });
  it('limits, timeouts and headers of the contract', () => {
    const text = find(render('dev'), 'ConfigMap', 'traefik').data?.['dynamic.yaml'] ?? '';
    expect(text).toMatch(/limit-api-gateway:\n\s+rateLimit:\n\s+average: 100\n\s+period: 1m\n\s+burst: 20/);
    expect(text).toMatch(/limit-user-management:\n\s+rateLimit:\n\s+average: 10\n\s+period: 1m\n\s+burst: 5/);
    expect(text).toMatch(/limit-security:\n\s+rateLimit:\n\s+average: 100\n\s+period: 1m\n\s+burst: 10/);
    expect(text).toMatch(/timeout-30s:[\s\S]*responseHeaderTimeout: 30s/);
    expect(text).toMatch(/timeout-60s:[\s\S]*responseHeaderTimeout: 60s/);
    for (const header of [
      'frameDeny: true',
      'contentTypeNosniff: true',
      'referrerPolicy:',
      'contentSecurityPolicy:',
      'stsSeconds:',
    ])
      expect(text).toContain(header);
  });
});

describe('monitoring', () => {
  it('Prometheus: 250m/500m, 256Mi/512Mi, 200 h of samples, 72 h in staging', () => {
    for (const [environment, retention] of [
      ['production', '200h'],
      ['staging', '72h'],
      ['dev', '200h'],
    ] as const)
      expect(find(render(environment), 'Prometheus', 'assistants').spec.retention).toBe(retention);
    expect(find(render('production'), 'Prometheus', 'assistants').spec.resources).toMatchObject({
      requests: { cpu: '250m', memory: '256Mi' },
      limits: { cpu: '500m', memory: '512Mi' },
    });
  });
  it('node-exporter: 50m/100m, 64Mi/128Mi, on every node, with the mounts of the host', () => {
    const { template } = find(render('production'), 'DaemonSet', 'node-exporter').spec;
    expect(template.spec.containers[0].resources).toMatchObject({
      requests: { cpu: '50m', memory: '64Mi' },
      limits: { cpu: '100m', memory: '128Mi' },
    });
    expect(template.spec.tolerations).toEqual([{ operator: 'Exists' }]);
    const paths = template.spec.volumes.map((volume: { hostPath: { path: string } }) => volume.hostPath.path);
    expect(paths.sort()).toEqual(['/', '/proc', '/sys']);
  });
  it('Grafana: 100m/250m, 128Mi/256Mi', () => {
    const [container] = find(render('production'), 'Deployment', 'grafana').spec.template.spec.containers;
    expect(container.resources).toMatchObject({
      requests: { cpu: '100m', memory: '128Mi' },
      limits: { cpu: '250m', memory: '256Mi' },
    });
  });
  it('ports on the local machine', () => {
    const ports = (environment: string) => configOf(environment).monitoring.localPorts;
    expect(ports('dev')).toMatchObject({ prometheus: 9090, grafana: 3001 });
    expect(ports('staging')).toMatchObject({ prometheus: 9091, grafana: 3002 });
  });
});

describe('logging', () => {
  const container = (kind: string, name: string) =>
    find(render('production'), kind, name).spec.template.spec.containers[0];
  it('Elasticsearch 8, one node, 500m/1 CPU; memory is more than the contract says (docs/adr)', () => {
    const { image, resources } = container('StatefulSet', 'elasticsearch');
    expect(image).toMatch(/elasticsearch:8\./);
    expect(resources).toMatchObject({
      requests: { cpu: '500m', memory: '1536Mi' },
      limits: { cpu: '1', memory: '2Gi' },
    });
    expect(find(render('production'), 'StatefulSet', 'elasticsearch').spec.replicas).toBe(1);
  });
  it('Kibana 8, 250m/500m CPU; memory is more than the contract says (docs/adr)', () => {
    const { image, resources } = container('Deployment', 'kibana');
    expect(image).toMatch(/kibana:8\./);
    expect(resources).toMatchObject({
      requests: { cpu: '250m', memory: '1024Mi' },
      limits: { cpu: '500m', memory: '1536Mi' },
    });
  });
  it('is off in dev and on elsewhere', () => {
    for (const [environment, on] of [
      ['dev', false],
      ['staging', true],
      ['production', true],
    ] as const)
      expect(render(environment).some(({ metadata }) => metadata.name === 'elasticsearch')).toBe(on);
  });
});

describe('dev fits a laptop of 2 CPUs and 8 GiB', () => {
  /** What kind's own pods request on one node: API server, etcd, controllers, scheduler, two CoreDNS, CNI. */
  const KIND = { cpu: 950, memory: bytesOf('290Mi') };
  /** Prerequisites in the cluster: metrics-server and the Prometheus operator. */
  const PREREQUISITES = { cpu: 200, memory: bytesOf('300Mi') };
  /** A node with less of its disk free does not even take the images. */
  const DISK = bytesOf('10Gi');
  const all = podsOf(render('dev'));
  const sum = (
    kinds: readonly string[],
    measure: (container: { resources?: { requests?: Readonly<Record<string, string>> } }) => number,
  ) =>
    all
      .filter(({ kind }) => kinds.includes(kind))
      .reduce((total, { spec }) => total + spec.containers.reduce((part, c) => part + measure(c), 0), 0);

  it('all requests and one job of each kind at once', () => {
    const running = ['Deployment', 'StatefulSet', 'DaemonSet', 'Prometheus', 'Alertmanager'];
    const cpu = sum(running, (c) => millicores(c.resources?.requests?.cpu ?? '0'));
    const memory = sum(running, (c) => bytesOf(c.resources?.requests?.memory ?? '0'));
    const jobs = sum(['CronJob'], (c) => millicores(c.resources?.requests?.cpu ?? '0')) / 3;
    const disk = sum([...running, 'CronJob'], (c) =>
      bytesOf(c.resources?.requests?.['ephemeral-storage'] ?? '0'),
    );
    console.info(
      `dev requests ${cpu}m CPU and ${Math.round(memory / 2 ** 20)} MiB, backups ${jobs}m more, ${Math.round(disk / 2 ** 20)} MiB of disk`,
    );
    expect(all.length).toBeGreaterThanOrEqual(27);
    expect(cpu + jobs + KIND.cpu + PREREQUISITES.cpu).toBeLessThanOrEqual(2000);
    expect(memory + KIND.memory + PREREQUISITES.memory).toBeLessThanOrEqual(bytesOf('8Gi'));
    expect(disk).toBeLessThanOrEqual(DISK);
  });
});
