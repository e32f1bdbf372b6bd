/** Rules over all objects of every environment: references, secrets, network isolation, availability. */
import { describe, expect, it } from 'vitest';
import { topologyOf } from '../../charts/app.ts';
import type { ConfigOverride } from '../../charts/config/environments.ts';
import { hasProxy } from '../../charts/config/outside.ts';
import { bytesOf, millicores } from '../../charts/config/quantity.ts';
import { INVENTORY_LABEL } from '../../charts/constructs/names.ts';
import { secretCatalog } from '../../charts/secrets/catalog.ts';
import {
  configOf,
  containersOf,
  find,
  type KubeObject,
  key,
  podsOf,
  render,
  VARIANTS,
  WITH_DATABASE,
  WITH_PAGES,
  WITH_ROUTE,
} from '../support/objects.ts';

const CLUSTER_SCOPED = ['Namespace', 'PriorityClass', 'IngressClass', 'ClusterRole', 'ClusterRoleBinding'];
/** Objects outside our namespaces, and why. */
const ABROAD = ['Role/kube-system/', 'RoleBinding/kube-system/'].map(
  (kind) => `${kind}assistants-prometheus`, // The operator keeps the list of kubelets there.
);
const MIN_OBJECTS = 150;
/** What quotas count, and how its quantities are read. */
const RESOURCES = { cpu: millicores, memory: bytesOf, 'ephemeral-storage': bytesOf } as const;

const matches = (
  selector: Readonly<Record<string, string>>,
  labels: Readonly<Record<string, string>>,
): boolean => Object.entries(selector).every(([name, value]) => labels[name] === value);

/** Bits of Shannon entropy a character: random text is above 4, words and paths below. */
function entropy(text: string): number {
  const counts = new Map<string, number>();
  for (const character of text) counts.set(character, (counts.get(character) ?? 0) + 1);
  return [...counts.values()].reduce(
    (sum, count) => sum - (count / text.length) * Math.log2(count / text.length),
    0,
  );
}

function strings(value: unknown): string[] {
  if (typeof value === 'string') return [value];
  if (typeof value === 'object' && value !== null) return Object.values(value).flatMap(strings);
  return [];
}

describe.each(VARIANTS)('$name: objects', ({ environment, overrides }) => {
  const config = configOf(environment, overrides);
  const objects = render(environment, overrides);
  const pods = podsOf(objects);
  const of = (kind: string): readonly KubeObject[] => objects.filter((object) => object.kind === kind);

  it('there are enough to judge', () => {
    expect(objects.length).toBeGreaterThanOrEqual(MIN_OBJECTS);
  });
  it('have unique names', () => {
    const keys = objects.map(key);
    expect(keys.filter((name, index) => keys.indexOf(name) !== index)).toEqual([]);
  });
  it('live in namespaces that exist, cluster-scoped kinds in none', () => {
    const namespaces = of('Namespace').map(({ metadata }) => metadata.name);
    const abroad = ABROAD.map((name) => `${name}${config.nameSuffix}`);
    for (const object of objects)
      if (CLUSTER_SCOPED.includes(object.kind))
        expect(object.metadata.namespace, key(object)).toBeUndefined();
      else if (!abroad.includes(key(object)))
        expect(namespaces, key(object)).toContain(object.metadata.namespace);
    for (const name of abroad) expect(objects.map(key)).toContain(name);
  });
  it('carry the inventory label', () => {
    for (const object of objects)
      expect(object.metadata.labels?.[INVENTORY_LABEL], key(object)).toBe(environment);
  });
  it('carry the environment in cluster-wide names on a shared cluster', () => {
    if (environment !== 'staging') return;
    for (const object of objects.filter(({ kind }) => CLUSTER_SCOPED.includes(kind)))
      expect(object.metadata.name, key(object)).toMatch(/-staging$/);
  });

  it('Pod Security: restricted everywhere but node-agents', () => {
    for (const { metadata } of of('Namespace')) {
      const level = metadata.name.includes('node-agents') ? 'privileged' : 'restricted';
      expect(metadata.labels?.['pod-security.kubernetes.io/enforce'], metadata.name).toBe(level);
      find(
        objects.filter((object) => object.metadata.namespace === metadata.name),
        'LimitRange',
        'defaults',
      );
    }
  });
  it('quotas leave room for every pod at its largest and one more of each Deployment', () => {
    const quotas = of('ResourceQuota');
    expect(quotas.length).toBeGreaterThanOrEqual(2);
    for (const { metadata, spec } of quotas) {
      const here = pods.filter(({ object }) => object.metadata.namespace === metadata.namespace);
      expect(Number(spec.hard.pods), metadata.namespace).toBeGreaterThan(here.length);
      for (const side of ['requests', 'limits'] as const)
        for (const [resource, parse] of Object.entries(RESOURCES)) {
          const containers = here.flatMap((pod) => pod.spec.containers);
          const amounts = containers.map(({ resources }) => parse(resources?.[side]?.[resource] ?? '0'));
          const hard = parse(spec.hard[`${side}.${resource}`]);
          expect(hard, `${metadata.namespace} ${side} ${resource}`).toBeGreaterThan(
            amounts.reduce((sum, amount) => sum + amount, 0),
          );
        }
    }
  });
  it('what a quota counts has a default, so that a pod that does not say it is taken', () => {
    const counted = Object.keys(RESOURCES).toSorted();
    for (const { spec } of of('LimitRange'))
      for (const { default: limits, defaultRequest: requests } of spec.limits)
        expect([limits, requests].map((amounts) => Object.keys(amounts).toSorted())).toEqual([
          counted,
          counted,
        ]);
  });

  it('Services select pods that exist and name ports they have (KL dangling-service)', () => {
    expect(of('Service').length).toBeGreaterThanOrEqual(13);
    for (const service of of('Service')) {
      const selected = pods.filter(({ labels }) => matches(service.spec.selector, labels));
      expect(selected, key(service)).toHaveLength(1);
      const names = selected.flatMap((pod) =>
        containersOf(pod).flatMap(({ ports = [] }) => ports.map(({ name }) => name)),
      );
      for (const port of service.spec.ports) expect(names, key(service)).toContain(port.targetPort);
    }
  });
  it('workload selectors match their own pods (KS deployment-pod-selector-labels-match-template)', () => {
    for (const { object, labels, owner } of pods)
      if (object.spec.selector) expect(matches(object.spec.selector.matchLabels, labels), owner).toBe(true);
  });
  it('network policies, budgets and monitors select something (KL dangling-networkpolicy, dangling-hpa)', () => {
    const reserved = topologyOf(config).components.filter(
      ({ presence }) => presence === 'reserved' || presence === 'operated',
    );
    for (const policy of of('NetworkPolicy')) {
      const selector = policy.spec.podSelector.matchLabels ?? {};
      const found =
        Object.keys(selector).length === 0 || pods.some(({ labels }) => matches(selector, labels));
      const kept = reserved.some(({ name }) => name === policy.metadata.name);
      expect(found || kept, key(policy)).toBe(true);
    }
    for (const object of [...of('PodDisruptionBudget'), ...of('PodMonitor')])
      expect(
        pods.some(({ labels }) => matches(object.spec.selector.matchLabels, labels)),
        key(object),
      ).toBe(true);
    for (const scaler of of('HorizontalPodAutoscaler'))
      find(objects, 'Deployment', scaler.spec.scaleTargetRef.name);
  });
  it('CronJobs say how late they may start (KS cronjob-has-deadline)', () => {
    expect(of('CronJob').length).toBeGreaterThanOrEqual(15);
    for (const cronJob of of('CronJob'))
      expect(cronJob.spec.startingDeadlineSeconds, key(cronJob)).toBeGreaterThan(0);
  });
  it('Ingress backends are Services with that port (KL dangling-ingress)', () => {
    const pages = config.console.enabled ? WITH_PAGES.length : 0;
    expect(of('Ingress')).toHaveLength(WITH_ROUTE.length + pages);
    for (const ingress of of('Ingress')) {
      expect(ingress.spec.ingressClassName).toBe(config.edge.className);
      for (const rule of ingress.spec.rules)
        for (const { backend } of rule.http.paths) {
          const service = find(objects, 'Service', backend.service.name);
          expect(service.spec.ports.map((port: { name: string }) => port.name)).toContain(
            backend.service.port.name,
          );
        }
    }
  });
  it('ConfigMaps and claims that pods mount exist', () => {
    const volumes = pods.flatMap(({ spec }) => spec.volumes ?? []);
    const maps = volumes.flatMap(({ configMap }) => configMap?.name ?? []);
    const claims = volumes.flatMap(({ persistentVolumeClaim: claim }) => claim?.claimName ?? []);
    expect(maps.length).toBeGreaterThanOrEqual(17);
    // The backup of a database, its check and its restore; and one of each store.
    expect(claims).toHaveLength(3 * WITH_DATABASE.length + of('StatefulSet').length);
    // The bundle of authorities is made outside the platform.
    for (const name of maps.filter((one) => one !== config.trust.configMap)) find(objects, 'ConfigMap', name);
    for (const name of claims) find(objects, 'PersistentVolumeClaim', name);
  });

  it('Secrets that pods mount are in the catalog with those keys, and none is rendered (KL secret, KSV01010)', () => {
    const catalog = new Map(
      secretCatalog(config, topologyOf(config)).map((entry) => [
        entry.name,
        entry.keys.map((item) => item.key),
      ]),
    );
    const referred = pods.flatMap(({ spec }) =>
      (spec.volumes ?? []).flatMap((volume) =>
        (volume.projected?.sources ?? []).flatMap(({ secret }) => secret ?? []),
      ),
    );
    expect(referred.length).toBeGreaterThanOrEqual(25);
    for (const { name, items = [] } of referred)
      expect(catalog.get(name), name).toEqual(expect.arrayContaining(items.map((item) => item.key)));
    expect(new Set(referred.map(({ name }) => name))).toEqual(new Set(catalog.keys()));
    expect(of('Secret')).toEqual([]);
  });
  it('no environment variable or string holds a secret (CKV_SECRET_6, KL env-var-secret)', () => {
    const variables = pods.flatMap((pod) => containersOf(pod).flatMap(({ env = [] }) => env));
    expect(variables.length).toBeGreaterThan(80);
    for (const { name, valueFrom } of variables) {
      // Only what Kubernetes says of the pod itself.
      expect(
        Object.keys(valueFrom ?? {}).filter((kind) => kind !== 'fieldRef'),
        name,
      ).toEqual([]);
      if (!/_(FILE|DIR)$/.test(name))
        expect(name).not.toMatch(/PASSWORD|SECRET|_KEY$|TOKEN(?!S$|_BUDGET$|_PRICES$)/);
    }
    const random = objects
      .flatMap(({ spec, data }) => strings([spec, data]))
      .flatMap((text) => text.split(/[\s"'=:,/@()<>[\]{}\\]+/))
      .filter((word) => word.length >= 20 && /\d/.test(word) && /[A-Z]/.test(word) && entropy(word) > 4.2);
    expect(random).toEqual([]);
  });

  it('every namespace is closed in both directions (KS pod-networkpolicy, C-0260)', () => {
    for (const { metadata } of of('Namespace')) {
      const deny = find(
        objects.filter((object) => object.metadata.namespace === metadata.name),
        'NetworkPolicy',
        'default-deny',
      );
      expect(deny.spec).toEqual({ podSelector: {}, policyTypes: ['Ingress', 'Egress'] });
    }
  });
  it('policies name ports and peers', () => {
    for (const policy of of('NetworkPolicy').filter(({ metadata }) => metadata.name !== 'default-deny')) {
      const { egress = [], ingress = [] }: PolicySpec = policy.spec;
      for (const { ports = [], to, from } of [...egress, ...ingress]) {
        expect(ports.length, key(policy)).toBeGreaterThan(0);
        expect(
          ports.filter(({ port }) => port < 1),
          key(policy),
        ).toEqual([]);
        expect((to ?? from)?.length, key(policy)).toBeGreaterThan(0);
      }
    }
  });
  it('policies open no private or metadata range together with the internet', () => {
    const blocks = of('NetworkPolicy')
      .flatMap(({ spec }): readonly PolicyRule[] => spec.egress ?? [])
      .flatMap(({ to = [] }) => to.flatMap(({ ipBlock }) => ipBlock ?? []));
    const internet = blocks.filter(({ cidr }) => cidr === '0.0.0.0/0');
    // Through a proxy no pod needs the internet.
    expect(internet.length > 0).toBe(!hasProxy(config));
    for (const { except } of internet)
      expect(except).toEqual(
        expect.arrayContaining(['10.0.0.0/8', '169.254.0.0/16', '172.16.0.0/12', '192.168.0.0/16']),
      );
  });
  it('DNS is asked over UDP and TCP', () => {
    const dns = of('NetworkPolicy')
      .flatMap(({ spec }) => spec.egress ?? [])
      .filter((rule: { ports: { port: number }[] }) => rule.ports.some(({ port }) => port === 53));
    expect(dns.length).toBeGreaterThanOrEqual(12);
    for (const rule of dns)
      expect(rule.ports).toEqual([
        { protocol: 'UDP', port: 53 },
        { protocol: 'TCP', port: 53 },
      ]);
  });

  it('roles are narrow: no wildcard, nothing written but Ingress status (KSV044, C-0035)', () => {
    const rules = [...of('Role'), ...of('ClusterRole')].flatMap(
      (role: KubeObject & { rules?: RoleRule[] }) => role.rules ?? [],
    );
    expect(rules.length).toBeGreaterThan(3);
    for (const rule of rules) {
      expect(strings(rule)).not.toContain('*');
      const writes = rule.verbs.filter((verb) => !['get', 'list', 'watch'].includes(verb));
      expect(writes).toEqual(rule.resources.includes('ingresses/status') ? ['update'] : []);
    }
  });
  it('two replicas or more have a disruption budget, one has none (KL minimum-three-replicas, KS pod-disruption-budget)', () => {
    for (const { object, owner, kind } of pods.filter(({ kind }) => kind === 'Deployment')) {
      const scaler = of('HorizontalPodAutoscaler').find(
        (hpa) => hpa.spec.scaleTargetRef.name === object.metadata.name,
      );
      const replicas: number = scaler?.spec.minReplicas ?? object.spec.replicas;
      const budgets = of('PodDisruptionBudget').filter(
        ({ metadata }) => metadata.name === object.metadata.name,
      );
      expect(budgets, owner + kind).toHaveLength(replicas >= 2 ? 1 : 0);
      for (const { spec } of budgets)
        expect(spec).toMatchObject({ maxUnavailable: 1, unhealthyPodEvictionPolicy: 'AlwaysAllow' });
      if (scaler) expect(object.spec.replicas, owner).toBeUndefined();
    }
  });
  it('edge: every route has headers, CORS, a rate limit and a size limit, and they exist', () => {
    const isPages = (name: string) => WITH_PAGES.some((spec) => name === `${spec.name}-pages`);
    const dynamic = find(objects, 'ConfigMap', 'traefik').data?.['dynamic.yaml'] ?? '';
    for (const { metadata } of of('Ingress')) {
      const names =
        metadata.annotations?.['traefik.ingress.kubernetes.io/router.middlewares']?.split(',') ?? [];
      for (const name of names) expect(dynamic).toContain(`    ${name.replace('@file', '')}:\n`);
      expect(names).toContain(`limit-${metadata.name}@file`);
      // No other origin has business with a page, and the gateway itself says what a page may load.
      if (isPages(metadata.name)) expect(names).toContain('page-headers@file');
      else expect(names).toEqual(expect.arrayContaining(['security-headers@file', 'cors@file']));
      const streams = ['api-gateway', 'api-gateway-pages', 'ai-assistant'].includes(metadata.name);
      expect(names.includes('body-limit@file')).toBe(!streams);
    }
    expect(dynamic).toContain('maxRequestBodyBytes: 104857600');
  });
});

interface PolicyPeer {
  readonly ipBlock?: { readonly cidr: string; readonly except?: readonly string[] };
}
interface PolicyRule {
  readonly ports?: readonly { readonly port: number }[];
  readonly to?: readonly PolicyPeer[];
  readonly from?: readonly PolicyPeer[];
}
interface PolicySpec {
  readonly egress?: readonly PolicyRule[];
  readonly ingress?: readonly PolicyRule[];
}

interface RoleRule {
  readonly resources: readonly string[];
  readonly verbs: readonly string[];
}

it.each([
  ['another image', { images: { mirror: 'mirror.example.com' } }],
  ['other resources', { requestScale: { cpu: 0.5 } }],
  ['another file', { logging: { retentionDays: 14 } }],
] satisfies [string, ConfigOverride][])(
  'a Job cannot be changed: %s gives it another name',
  (_, override) => {
    const jobs = (overrides: readonly ConfigOverride[]) =>
      render('production', overrides).filter(({ kind }) => kind === 'Job');
    const [before, after] = [jobs([]), jobs([override])];
    expect(before.length).toBeGreaterThanOrEqual(1);
    expect(after).toHaveLength(before.length);
    expect(after.map(key).filter((name) => before.map(key).includes(name))).toEqual([]);
  },
);
