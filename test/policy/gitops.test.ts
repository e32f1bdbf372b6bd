/**
 * What Argo CD and Flux ask of an object before they call it healthy, as their sources say it: argoproj/argo-cd 3.5.1
 * (gitops-engine/pkg/health, resource_customizations) and kubernetes-sigs/cli-utils 0.37 (pkg/kstatus/status), by which Flux judges.
 */
import { readFileSync } from 'node:fs';
import { loadAll } from 'js-yaml';
import { describe, expect, it } from 'vitest';
import type { ConfigOverride } from '../../charts/config/environments.ts';
import { prerequisites } from '../../charts/config/prerequisites.ts';
import type { Config } from '../../charts/config/schema.ts';
import { INVENTORY_RESOURCES, KEPT_KINDS } from '../../ops/core/objects.ts';
import { configOf, type KubeObject, key, render, root } from '../support/objects.ts';

interface World {
  readonly config: Config;
  readonly objects: readonly KubeObject[];
}

interface Rule {
  /** Where the tool has its rule. */
  readonly source: string;
  /** Why the object would never be healthy; nothing when it would. */
  readonly never?: (object: KubeObject, world: World) => string | undefined;
}

const IGNORED = 'argocd.argoproj.io/ignore-healthcheck';
const annotation = ({ metadata }: KubeObject, name: string): string | undefined =>
  metadata.annotations?.[name];

/** Claims that a pod mounts which runs all the time: a volume is made at the latest for it. */
function mounted({ objects }: World): ReadonlySet<string> {
  const running = objects.filter(({ kind }) => ['Deployment', 'StatefulSet', 'DaemonSet'].includes(kind));
  const named = running.flatMap(({ metadata, spec }) => {
    const volumes: readonly { persistentVolumeClaim?: { claimName: string } }[] =
      spec.template.spec.volumes ?? [];
    return volumes.flatMap((one) => `${metadata.namespace}/${one.persistentVolumeClaim?.claimName}`);
  });
  const operated = objects
    .filter(({ kind }) => kind === 'Prometheus' || kind === 'Alertmanager')
    .map(({ kind, metadata }) => {
      const set = `${kind.toLowerCase()}-${metadata.name}`;
      return `${metadata.namespace}/${set}-db-${set}-0`;
    });
  return new Set([...named, ...operated]);
}

/** A Pending claim is Progressing for Argo CD, and in progress for kstatus. */
const bound = (object: KubeObject, world: World): string | undefined =>
  mounted(world).has(`${object.metadata.namespace}/${object.metadata.name}`)
    ? undefined
    : 'no pod that runs mounts it';

/** The address of an Ingress is written by its controller: ours publishes that of its own Service. */
function addressed(_: KubeObject, { config, objects }: World): string | undefined {
  if (config.edge.controller !== 'traefik') return undefined;
  const traefik = objects.find(({ kind, metadata }) => kind === 'Deployment' && metadata.name === 'traefik');
  const args: readonly string[] = traefik?.spec.template.spec.containers[0].args ?? [];
  const published = args.find((arg) => arg.includes('ingressendpoint.publishedservice='))?.split('=')[1];
  const service = objects.find(
    ({ kind, metadata }) => kind === 'Service' && `${metadata.namespace}/${metadata.name}` === published,
  );
  return service?.spec.type === 'LoadBalancer' ? undefined : 'Traefik publishes no Service with an address';
}

const HEALTH = 'gitops-engine/pkg/health/health_';
const CUSTOM = 'resource_customizations/';
const CORE = 'pkg/kstatus/status/core.go';

/** Kinds that Argo CD has a rule for. It leaves all others out of an application's health. */
const ARGO_CD: Readonly<Record<string, Rule>> = {
  'apps/Deployment': {
    source: `${HEALTH}deployment.go`,
    never: ({ spec }) => (spec.paused ? 'paused' : undefined),
  },
  'apps/StatefulSet': { source: `${HEALTH}statefulset.go` },
  'apps/DaemonSet': { source: `${HEALTH}daemonset.go` },
  Service: { source: `${HEALTH}service.go` },
  PersistentVolumeClaim: {
    source: `${HEALTH}pvc.go`,
    never: (object, world) => (annotation(object, IGNORED) === 'true' ? undefined : bound(object, world)),
  },
  'batch/Job': {
    source: `${HEALTH}job.go`,
    // One that deletes itself is missing, so it is made again with each synchronization.
    never: ({ spec }) =>
      spec.suspend || spec.ttlSecondsAfterFinished !== undefined ? 'goes or waits' : undefined,
  },
  'autoscaling/HorizontalPodAutoscaler': {
    source: `${HEALTH}hpa.go`,
    never: (_, { config }) => (prerequisites(config).includes('metricsServer') ? undefined : 'no metrics'),
  },
  'networking.k8s.io/Ingress': { source: `${HEALTH}ingress.go`, never: addressed },
  // Suspended is healthy there, a last run that failed is not.
  'batch/CronJob': { source: `${CUSTOM}batch/CronJob/health.lua` },
  'cert-manager.io/Certificate': { source: `${CUSTOM}cert-manager.io/Certificate/health.lua` },
  'cert-manager.io/Issuer': { source: `${CUSTOM}cert-manager.io/Issuer/health.lua` },
  'external-secrets.io/ExternalSecret': { source: `${CUSTOM}external-secrets.io/ExternalSecret/health.lua` },
  'monitoring.coreos.com/Prometheus': { source: `${CUSTOM}monitoring.coreos.com/Prometheus/health.lua` },
  'postgresql.cnpg.io/Cluster': {
    source: `${CUSTOM}postgresql.cnpg.io/Cluster/health.lua`,
    never: (object) =>
      annotation(object, 'cnpg.io/reconciliationLoop') === 'disabled'
        ? 'the operator leaves it alone'
        : undefined,
  },
  'gateway.networking.k8s.io/HTTPRoute': {
    source: `${CUSTOM}gateway.networking.k8s.io/HTTPRoute/health.lua`,
  },
};

/** Kinds kstatus has a rule for. Others are current unless conditions of theirs say that they are not (generic.go). */
const KSTATUS: Readonly<Record<string, Rule>> = {
  'apps/Deployment': { source: `${CORE}, deploymentConditions` },
  'apps/StatefulSet': { source: `${CORE}, stsConditions` },
  'apps/DaemonSet': { source: `${CORE}, daemonsetConditions` },
  Service: { source: `${CORE}, serviceConditions` },
  PersistentVolumeClaim: { source: `${CORE}, pvcConditions`, never: bound },
  'batch/Job': {
    source: `${CORE}, jobConditions`,
    never: ({ spec }) => (spec.suspend ? 'suspended' : undefined),
  },
  'batch/CronJob': { source: `${CORE}, alwaysReady` },
  ConfigMap: { source: `${CORE}, alwaysReady` },
  'policy/PodDisruptionBudget': { source: `${CORE}, pdbConditions` },
};

/** Kinds whose objects do nothing by themselves, or whose status neither tool reads. */
const PLAIN: readonly string[] = [
  'ConfigMap',
  'LimitRange',
  'Namespace',
  'ResourceQuota',
  'ServiceAccount',
  'barmancloud.cnpg.io/ObjectStore',
  'cilium.io/CiliumNetworkPolicy',
  'gateway.networking.k8s.io/ReferenceGrant',
  'monitoring.coreos.com/Alertmanager',
  'monitoring.coreos.com/AlertmanagerConfig',
  'monitoring.coreos.com/PodMonitor',
  'monitoring.coreos.com/PrometheusRule',
  'monitoring.coreos.com/ServiceMonitor',
  'networking.k8s.io/IngressClass',
  'networking.k8s.io/NetworkPolicy',
  'policy/PodDisruptionBudget',
  'postgresql.cnpg.io/ScheduledBackup',
  'rbac.authorization.k8s.io/ClusterRole',
  'rbac.authorization.k8s.io/ClusterRoleBinding',
  'rbac.authorization.k8s.io/Role',
  'rbac.authorization.k8s.io/RoleBinding',
  'scheduling.k8s.io/PriorityClass',
];

const groupKind = ({ apiVersion, kind }: KubeObject): string => {
  const [group = '', version] = apiVersion.split('/');
  return version === undefined ? kind : `${group}/${kind}`;
};

const WORLDS: readonly (readonly [string, ConfigOverride])[] = [
  ['production', {}],
  ['staging', {}],
  [
    'production',
    { databases: { engine: 'cloudnative-pg', walArchive: 's3://backups/platform' }, cni: 'cilium' },
  ],
  [
    'production',
    { secrets: { source: 'external', store: { name: 'vault' } }, logging: { issuer: 'company' } },
  ],
  [
    'production',
    {
      edge: {
        controller: 'gateway',
        tls: 'existing',
        gateway: { name: 'public', namespace: 'gateways' },
        from: { namespace: 'gateways' },
      },
    },
  ],
];

describe.each(WORLDS)('%s %j', (environment, override) => {
  const world: World = {
    config: configOf(environment, [override]),
    objects: render(environment, [override]),
  };
  const faults = (rules: Readonly<Record<string, Rule>>): readonly string[] =>
    world.objects.flatMap((object) => {
      const why = rules[groupKind(object)]?.never?.(object, world);
      return why ? [`${key(object)}: ${why}`] : [];
    });

  it('every kind has a rule, or needs none', () => {
    const kinds = new Set(world.objects.map(groupKind));
    expect([...kinds].filter((kind) => !(kind in ARGO_CD) && !PLAIN.includes(kind))).toEqual([]);
  });
  it('every object becomes healthy in Argo CD', () => {
    expect(faults(ARGO_CD)).toEqual([]);
  });
  it('every object becomes current for Flux, but claims that only jobs mount', () => {
    const left = faults(KSTATUS);
    expect(left.filter((fault) => !/^PersistentVolumeClaim\/.*\/backup-/.test(fault))).toEqual([]);
    // So the page does not have Flux wait for all.
    expect(left.length > 0).toBe(world.config.backups.enabled);
  });
  it('nothing is a hook, and nothing has a wave', () => {
    for (const object of world.objects)
      expect(
        Object.keys(object.metadata.annotations ?? {}).filter((name) => /hook|sync-wave/.test(name)),
      ).toEqual([]);
  });
  it('what holds data is kept by both, and by the command', () => {
    for (const object of world.objects) {
      const kept = [...KEPT_KINDS, 'Namespace'].includes(object.kind);
      const sync = annotation(object, 'argocd.argoproj.io/sync-options');
      expect(sync, key(object)).toBe(kept ? 'Prune=false,Delete=false' : undefined);
      expect(annotation(object, 'kustomize.toolkit.fluxcd.io/prune')).toBe(kept ? 'disabled' : undefined);
    }
  });
  it('pruning looks at every kind', () => {
    const resources = INVENTORY_RESOURCES.map((resource) => resource.split('.')[0]);
    const plural = (kind: string): string =>
      kind.toLowerCase().replace(/s$/, 'se').replace(/y$/, 'ie').concat('s');
    expect(world.objects.map(({ kind }) => plural(kind)).filter((kind) => !resources.includes(kind))).toEqual(
      [],
    );
  });
});

it('a rule finds what it is there for', () => {
  const config = configOf('production', [{ edge: { service: 'NodePort' } }]);
  const world: World = { config, objects: render('production', [{ edge: { service: 'NodePort' } }]) };
  const ingress = world.objects.find(({ kind }) => kind === 'Ingress');
  if (!ingress) throw new Error('no Ingress');
  expect(ARGO_CD['networking.k8s.io/Ingress']?.never?.(ingress, world)).toContain('publishes no Service');
});

describe('docs/gitops.md', () => {
  const page = readFileSync(root('docs/gitops.md'), 'utf8');
  const [application, kustomization] = [...page.matchAll(/```yaml\n([\s\S]*?)```/g)].map(
    ([, text = '']) => loadAll(text)[0],
  );
  const names = (kind: string): readonly string[] =>
    render('production')
      .filter((one) => one.kind === kind)
      .map(({ metadata }) => `${metadata.namespace}/${metadata.name}`);
  it('has Argo CD apply on the server, prune and mend', () => {
    expect(application).toMatchObject({
      kind: 'Application',
      spec: {
        source: { path: 'dist/production' },
        syncPolicy: {
          automated: { prune: true, selfHeal: true },
          syncOptions: ['ServerSideApply=true', 'PruneLast=true'],
        },
      },
    });
  });
  it('has Flux wait for what runs, by names that there are', () => {
    expect(kustomization).toMatchObject({
      kind: 'Kustomization',
      spec: { prune: true, wait: false, path: './dist/production' },
    });
    const { spec } = kustomization as {
      spec: { healthChecks: { kind: string; name: string; namespace: string }[] };
    };
    expect(spec.healthChecks.length).toBeGreaterThan(0);
    for (const { kind, name, namespace } of spec.healthChecks)
      expect(names(kind)).toContain(`${namespace}/${name}`);
  });
});
