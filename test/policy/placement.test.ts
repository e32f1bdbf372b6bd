/** What the configuration says of pods reaches every pod, those that operators make too. */
import { describe, expect, it } from 'vitest';
import type { ConfigOverride } from '../../charts/config/environments.ts';
import { SERVICES } from '../../charts/topology.ts';
import { PARTS, PODS } from '../support/fits.ts';
import { find, type KubeObject, PLAIN, podsOf, render, WITH_DATABASE } from '../support/objects.ts';

const objects = render('dev', [PARTS, PODS]);
const pods = podsOf(objects);
const CLOUD_NATIVE_PG: ConfigOverride = { databases: { engine: 'cloudnative-pg' } };
const clusters = render('dev', [CLOUD_NATIVE_PG, PODS]).filter(({ kind }) => kind === 'Cluster');

const templateOf = (kind: string, name: string) => {
  const pod = pods.find(({ owner }) => owner === `${kind}/${name}`);
  if (!pod) throw new Error(`no pod of ${kind}/${name}`);
  // biome-ignore lint/suspicious/noExplicitAny: rendered YAML; each test reads the fields it asserts.
  return pod.spec as any;
};

describe('for all', () => {
  it('there is a pod of each kind of workload', () => {
    const kinds = new Set(pods.map(({ kind }) => kind));
    for (const kind of [
      'Deployment',
      'StatefulSet',
      'DaemonSet',
      'CronJob',
      'Job',
      'Prometheus',
      'Alertmanager',
    ])
      expect(kinds).toContain(kind);
  });
  it.each(pods)('$owner', (pod) => {
    const { spec, labels, annotations } = pod;
    expect(spec).toMatchObject({
      nodeSelector: { pool: expect.any(String), disk: expect.any(String) },
      tolerations: expect.arrayContaining([
        { key: 'dedicated', operator: 'Equal', value: 'assistants', effect: 'NoSchedule' },
      ]),
      affinity: { nodeAffinity: expect.anything() },
      imagePullSecrets: expect.arrayContaining([{ name: 'registry' }]),
      priorityClassName: expect.stringMatching(/^company-/),
      topologySpreadConstraints: [
        expect.objectContaining({
          topologyKey: 'topology.kubernetes.io/zone',
          labelSelector: { matchLabels: { 'app.kubernetes.io/name': labels['app.kubernetes.io/name'] } },
        }),
      ],
    });
    expect(labels).toMatchObject({ 'sidecar.istio.io/inject': 'false' });
    expect(annotations).toMatchObject({ 'example.com/scan': 'yes' });
    // The operator's resources have no such field.
    const managed = ['Prometheus', 'Alertmanager'].includes(pod.kind);
    expect('runtimeClassName' in spec).toBe(!managed);
  });
  it.each(clusters)('$kind/$metadata.name', ({ spec }) => {
    expect(spec).toMatchObject({
      affinity: {
        podAntiAffinityType: 'preferred',
        nodeSelector: { pool: 'general' },
        tolerations: expect.arrayContaining([expect.objectContaining({ key: 'dedicated' })]),
        nodeAffinity: expect.anything(),
      },
      imagePullSecrets: [{ name: 'registry' }],
      priorityClassName: 'company-standard',
      inheritedMetadata: {
        labels: { 'sidecar.istio.io/inject': 'false' },
        annotations: { 'example.com/scan': 'yes' },
      },
    });
  });
  it('there are instances of CloudNativePG to judge', () => {
    expect(clusters).toHaveLength(WITH_DATABASE.length);
  });
});

describe('by zone and by component', () => {
  it('the narrower level wins', () => {
    expect(templateOf('StatefulSet', 'redis').nodeSelector).toEqual({ pool: 'general', disk: 'ssd' });
    expect(templateOf('StatefulSet', 'redis').priorityClassName).toBe('company-critical');
    expect(templateOf('Prometheus', 'assistants').nodeSelector.pool).toBe('monitoring');
    expect(templateOf('Deployment', 'security').nodeSelector).toEqual({ pool: 'general', disk: 'hdd' });
  });
  it('tolerations and pull secrets add up, also with those of the pod itself', () => {
    expect(templateOf('Deployment', 'security').tolerations).toHaveLength(2);
    expect(templateOf('Deployment', 'grafana').imagePullSecrets).toEqual([
      { name: 'registry' },
      { name: 'monitoring-registry' },
    ]);
    expect(templateOf('DaemonSet', 'node-exporter').tolerations).toContainEqual({ operator: 'Exists' });
  });
  it('affinity of another kind stays', () => {
    expect(templateOf('Deployment', 'security').affinity.podAntiAffinity).toBeDefined();
  });
  it('resources of one container, and of no other', () => {
    const [redis, exporter] = templateOf('StatefulSet', 'redis').containers;
    expect(exporter.resources).toMatchObject({
      requests: { cpu: '30m', memory: '48Mi', 'ephemeral-storage': '32Mi' },
      limits: { cpu: '100m', memory: '96Mi' },
    });
    expect(redis.resources.limits.memory).toBe('256Mi');
    const reloader = templateOf('Prometheus', 'assistants').containers.find(
      ({ name }: { name: string }) => name === 'config-reloader',
    );
    expect(reloader.resources.limits.memory).toBe('80Mi');
  });
  it('variables reach all containers of services, and no others', () => {
    const has = (name: string) =>
      pods.filter(({ spec }) => spec.containers.some(({ env = [] }) => env.some((one) => one.name === name)));
    expect(has('TZ').map(({ owner }) => owner)).toHaveLength(SERVICES.length);
    expect(has('NODE').map(({ owner }) => owner)).toEqual(['Deployment/security']);
  });
});

describe('objects', () => {
  it('have the common labels and annotations, all of them', () => {
    for (const { metadata } of objects) {
      expect(metadata.labels).toMatchObject({ team: 'platform' });
      expect(metadata.annotations).toMatchObject({ 'example.com/owner': 'platform@example.com' });
    }
  });
  it('no StatefulSet has a template of claims, which could not be changed later', () => {
    const claims = objects.flatMap(({ spec }) => spec?.volumeClaimTemplates ?? []);
    expect(claims).toEqual([]);
  });
  it('an annotation an object has already stays', () => {
    const key = 'traefik.ingress.kubernetes.io/service.serverstransport';
    const own = find(render('dev'), 'Service', 'security').metadata.annotations;
    const [name = key] = Object.keys(own ?? {});
    const changed = render('dev', [{ commonAnnotations: { [name]: 'other' } }]);
    expect(find(changed, 'Service', 'security').metadata.annotations).toEqual(own);
  });
});

describe('namespaces of one’s own', () => {
  const names = {
    app: 'team-app',
    edge: 'team-edge',
    monitoring: 'team-monitoring',
    logging: 'team-logging',
    'node-agents': 'team-agents',
  };
  const old = /^assistants(-edge|-monitoring|-logging|-node-agents)?$/;
  const inNamespaces = (list: readonly KubeObject[]) =>
    new Set(
      list.flatMap(({ kind, metadata }) =>
        kind === 'Namespace' ? metadata.name : (metadata.namespace ?? []),
      ),
    );
  it('every object moves, and nothing names an old one', () => {
    const moved = render('dev', [PARTS, { namespaces: names }]);
    expect([...inNamespaces(moved)].filter((name) => old.test(name))).toEqual([]);
    expect([...inNamespaces(moved)]).toEqual(expect.arrayContaining(Object.values(names)));
    // Cluster-scoped names follow nameSuffix, and a dashboard is called as its subject.
    const text = JSON.stringify(
      moved.filter(
        ({ kind, metadata }) => !kind.startsWith('ClusterRole') && !/dashboards/.test(metadata.name),
      ),
    );
    expect(text.match(/.{0,60}assistants-(edge|monitoring|logging|node-agents)\b.{0,30}/g) ?? []).toEqual([]);
  });
});

describe('refused', () => {
  const cases: readonly (readonly [string, object, RegExp])[] = [
    [
      'a component there is not',
      { pods: { components: { rediss: {} } } },
      /^pods\.components: "rediss" .*one of .*redis/,
    ],
    [
      'a container there is not',
      { pods: { components: { redis: { resources: { redi: {} } } } } },
      /^pods\.components\.redis\.resources: "redi" .*one of redis, exporter, follow-secrets, auth/,
    ],
    [
      'a request above the limit',
      { pods: { components: { redis: { resources: { exporter: { requests: { memory: '1Gi' } } } } } } },
      /^pods\.components\.redis\.resources\.exporter\.requests\.memory: "1Gi" .*at most the limit \(64Mi\)/,
    ],
    [
      'a label of the platform',
      { pods: { podLabels: { 'app.kubernetes.io/name': 'x' } } },
      /^pods\.podLabels/,
    ],
    ['a common label of the platform', { commonLabels: { 'ai-assistants/inventory': 'x' } }, /^commonLabels/],
    [
      'a misspelt field of an affinity',
      { pods: { affinity: { nodeAfinity: {} } } },
      /^pods\.affinity\.nodeAfinity/,
    ],
    ['two zones in one namespace', { namespaces: { app: 'one', edge: 'one' } }, /^namespaces: "one"/],
    [
      'a variable the platform sets',
      { pods: { extraEnv: [{ name: 'REDIS_HOST', value: 'x' }] } },
      /^extraEnv\.REDIS_HOST of api-gateway: "x" .*the platform sets this variable itself/,
    ],
    [
      'a variable the platform leaves empty',
      { pods: { components: { security: { extraEnv: [{ name: 'SMTP_HOST', value: 'x' }] } } } },
      /^extraEnv\.SMTP_HOST of security/,
    ],
    [
      'a secret as a variable',
      { pods: { components: { security: { extraEnv: [{ name: 'AUDIT_KEY', value: 'x' }] } } } },
      /^extraEnv\.AUDIT_KEY of security: .*Secret/,
    ],
    [
      'a setting as a variable',
      { pods: { components: { analytics: { extraEnv: [{ name: 'TOKEN_PRICES', value: '{}' }] } } } },
      /services\.analytics\.settings\.TOKEN_PRICES/,
    ],
    [
      'variables of what is no service',
      { pods: { components: { redis: { extraEnv: [{ name: 'TZ', value: 'UTC' }] } } } },
      /^pods\.components\.redis\.extraEnv: .*only services/,
    ],
  ];
  it.each(cases)('%s', (_, override, message) => {
    expect(() => render('dev', [override as ConfigOverride])).toThrow(message);
  });
});

it.each(PLAIN)('$name: nothing of it is there by default', ({ environment, overrides }) => {
  const rendered = JSON.stringify(render(environment, overrides));
  for (const field of ['imagePullSecrets', 'runtimeClassName', '"HOST"'])
    expect(rendered).not.toContain(field);
});
