/** Monitoring: receivers of alerts, targets of copies, and the parts that run. */
import { describe, expect, it } from 'vitest';
import { topologyOf } from '../../charts/app.ts';
import type { ConfigOverride } from '../../charts/config/environments.ts';
import { BUNDLES, IMAGES } from '../../charts/config/versions.ts';
import { secretCatalog } from '../../charts/secrets/catalog.ts';
import { configOf, find, type KubeObject, podsOf, render } from '../support/objects.ts';

const catalogOf = (overrides: readonly ConfigOverride[]) => {
  const config = configOf('production', overrides);
  return secretCatalog(config, topologyOf(config));
};
const policyText = (objects: readonly KubeObject[], name: string) =>
  JSON.stringify(find(objects, 'NetworkPolicy', name).spec.egress ?? []);

describe('Prometheus and Alertmanager', () => {
  const objects = render('production');
  const prometheus = find(objects, 'Prometheus', 'assistants').spec;

  it('Prometheus takes every monitor and rule of the platform in its namespace', () => {
    for (const selector of ['podMonitorSelector', 'serviceMonitorSelector', 'ruleSelector'])
      expect(prometheus[selector], selector).toEqual({
        matchLabels: { 'app.kubernetes.io/part-of': 'ai-assistants' },
      });
    const chosen = objects.filter(({ kind }) => /^(Pod|Service)Monitor$|^PrometheusRule$/.test(kind));
    expect(chosen.length).toBeGreaterThanOrEqual(18);
    for (const { metadata } of chosen) {
      expect(metadata.namespace).toBe('assistants-monitoring');
      expect(metadata.labels?.['app.kubernetes.io/part-of']).toBe('ai-assistants');
    }
  });
  it('Prometheus sends alerts to a Service that exists, and may', () => {
    const [target] = prometheus.alerting.alertmanagers;
    expect(target).toEqual({ namespace: 'assistants-monitoring', name: 'alertmanager', port: 'web' });
    find(objects, 'Service', 'alertmanager');
    expect(policyText(objects, 'prometheus')).toContain('"port":9093');
  });
  it('samples leave a fifth of the volume free', () => {
    const { resources } = prometheus.storage.volumeClaimTemplate.spec;
    expect([resources.requests.storage, prometheus.retentionSize]).toEqual(['50Gi', '40960MiB']);
  });
  it('Prometheus may read nothing but what it discovers, kube-state-metrics nothing but what it counts', () => {
    const readable = (name: string) =>
      objects
        .filter((object) => /^(Cluster)?Role$/.test(object.kind))
        .filter(({ metadata }) => metadata.labels?.['app.kubernetes.io/name'] === name)
        .flatMap((role: KubeObject & { rules?: { resources: string[] }[] }) => role.rules ?? [])
        .flatMap(({ resources }) => resources);
    expect(new Set(readable('prometheus'))).toEqual(
      new Set(['pods', 'services', 'endpointslices', 'nodes/metrics']),
    );
    expect(readable('kube-state-metrics')).not.toContain('secrets');
    const [container] = find(objects, 'Deployment', 'kube-state-metrics').spec.template.spec.containers;
    const asked = container.args.find((arg: string) => arg.startsWith('--resources='))?.slice(12);
    expect([...new Set(readable('kube-state-metrics'))].sort()).toEqual(asked?.split(','));
  });
  it('the reloader is of the version of the operator that starts it', () => {
    const version = /v[\d.]+\d/.exec(BUNDLES.prometheusOperator.file)?.[0];
    expect(IMAGES.prometheusConfigReloader.split(':').at(-1)).toBe(version);
  });
});

describe('who is told of alerts', () => {
  const silent = find(render('production'), 'AlertmanagerConfig', 'assistants').spec;
  it('none, until a receiver is named', () => {
    expect(silent.receivers).toEqual([{ name: 'silent' }]);
    expect(silent.route.receiver).toBe('silent');
    expect(silent.route.routes).toBeUndefined();
  });

  const told: ConfigOverride = {
    settings: { smtpHost: 'mail.example.com', smtpFrom: 'platform@example.com' },
    egress: { smtp: { cidrs: ['192.0.2.25/32'] }, webhook: { cidrs: ['192.0.2.80/32'] } },
    monitoring: {
      alertmanager: {
        routes: { critical: ['webhook', 'email'], warning: ['email'] },
        emailTo: 'oncall@example.com',
        emailUser: 'alerts',
      },
    },
  };
  it('by severity, with what is secret named only', () => {
    const objects = render('production', [told]);
    const { route, receivers } = find(objects, 'AlertmanagerConfig', 'assistants').spec;
    expect(
      route.routes.map(({ receiver, matchers }: { receiver: string; matchers: { value: string }[] }) => [
        receiver,
        matchers[0]?.value,
      ]),
    ).toEqual([
      ['critical', 'critical'],
      ['warning', 'warning'],
    ]);
    expect(receivers[1]).toMatchObject({
      name: 'critical',
      webhookConfigs: [{ urlSecret: { name: 'alertmanager-webhook', key: 'ALERTMANAGER_WEBHOOK_URL' } }],
      emailConfigs: [
        {
          to: 'oncall@example.com',
          smarthost: 'mail.example.com:587',
          authUsername: 'alerts',
          authPassword: { name: 'alertmanager-email', key: 'ALERTMANAGER_SMTP_PASSWORD' },
        },
      ],
    });
    const secrets = catalogOf([told]).filter(({ namespace }) => namespace === 'assistants-monitoring');
    expect(secrets.map(({ name }) => name)).toEqual(
      expect.arrayContaining(['alertmanager-webhook', 'alertmanager-email']),
    );
    expect(policyText(objects, 'alertmanager')).toContain('192.0.2.25/32');
    expect(policyText(objects, 'alertmanager')).toContain('192.0.2.80/32');
    expect(policyText(render('production'), 'alertmanager')).toBe('[]');
  });
  it('or as a Secret of your own says', () => {
    const objects = render('production', [{ monitoring: { alertmanager: { configSecret: 'mine' } } }]);
    expect(find(objects, 'Alertmanager', 'assistants').spec).toMatchObject({ configSecret: 'mine' });
    expect(objects.filter(({ kind }) => kind === 'AlertmanagerConfig')).toEqual([]);
  });
  it.each<[string, ConfigOverride, string]>([
    [
      'email without an address',
      { monitoring: { alertmanager: { routes: { critical: ['email'] } } } },
      'monitoring.alertmanager.emailTo: ""',
    ],
    [
      'email without a server',
      { monitoring: { alertmanager: { routes: { critical: ['email'] }, emailTo: 'a@example.com' } } },
      'settings.smtpHost: ""',
    ],
    [
      'routes beside a Secret of your own',
      { monitoring: { alertmanager: { routes: { info: ['webhook'] }, configSecret: 'mine' } } },
      'monitoring.alertmanager.configSecret: "mine"',
    ],
    [
      'credentials for nowhere',
      { monitoring: { remoteWrite: { authentication: 'basic' } } },
      'monitoring.remoteWrite.url: ""',
    ],
    [
      'more requested than allowed',
      { monitoring: { cpu: { request: '2', limit: '1' } } },
      'monitoring.cpu.request: "2"',
    ],
  ])('refuses %s', (_, override, message) => {
    expect(() => configOf('production', [override])).toThrow(message);
  });
});

describe('remote write', () => {
  const to = (authentication: 'none' | 'basic' | 'bearer'): ConfigOverride => ({
    monitoring: { remoteWrite: { url: 'https://metrics.example.com/api/v1/push', authentication } },
  });
  it('is off, and closed, until there is an address', () => {
    expect(find(render('production'), 'Prometheus', 'assistants').spec.remoteWrite).toBeUndefined();
    expect(policyText(render('production'), 'prometheus')).not.toContain('0.0.0.0/0');
    expect(policyText(render('production', [to('none')]), 'prometheus')).toContain('0.0.0.0/0');
  });
  it.each([
    ['none', []],
    ['basic', ['REMOTE_WRITE_USERNAME', 'REMOTE_WRITE_PASSWORD']],
    ['bearer', ['REMOTE_WRITE_TOKEN']],
  ] as const)('%s: its keys are in the catalog, and no others are named', (authentication, keys) => {
    const [target] = find(render('production', [to(authentication)]), 'Prometheus', 'assistants').spec
      .remoteWrite;
    const found = catalogOf([to(authentication)]).find(({ name }) => name === 'prometheus-remote-write');
    expect(found?.keys.map(({ key }) => key) ?? []).toEqual(keys);
    const named = [...JSON.stringify(target).matchAll(/"key":"(\w+)"/g)].map(([, key]) => key);
    expect(named.toSorted()).toEqual([...keys].sort());
  });
});

describe('the parts in every combination', () => {
  const PARTS = ['grafana', 'nodeExporter', 'kubeStateMetrics', 'kubelet'] as const;
  const combinations = Array.from({ length: 2 ** PARTS.length }, (_, bits) =>
    Object.fromEntries(PARTS.map((part, index) => [part, { enabled: ((bits >> index) & 1) > 0 }])),
  );
  it.each(combinations)('%j', (parts) => {
    const objects = render('dev', [{ monitoring: parts }]);
    const owners = podsOf(objects).map(({ owner }) => owner);
    const has = (part: (typeof PARTS)[number]) => parts[part]?.enabled === true;
    expect(owners.includes('Deployment/grafana')).toBe(has('grafana'));
    expect(owners.includes('DaemonSet/node-exporter')).toBe(has('nodeExporter'));
    expect(owners.includes('Deployment/kube-state-metrics')).toBe(has('kubeStateMetrics'));
    expect(objects.some(({ kind }) => kind === 'ServiceMonitor')).toBe(has('kubelet'));
    expect(policyText(objects, 'prometheus').includes('10250')).toBe(has('kubelet'));
    // The charts create no empty namespaces.
    const agents = objects.some(
      ({ kind, metadata }) => kind === 'Namespace' && /node-agents/.test(metadata.name),
    );
    expect(agents).toBe(has('nodeExporter'));
    for (const { metadata, kind } of objects)
      if (/Monitor$/.test(kind) && metadata.name !== 'kubelet') find(objects, 'NetworkPolicy', metadata.name);
  });
});
