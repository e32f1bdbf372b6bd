/** Renders objects of an environment in memory, and types the parts that tests read. */
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { loadAll } from 'js-yaml';
import { buildApp } from '../../charts/app.ts';
import { type ConfigOverride, ENVIRONMENTS } from '../../charts/config/environments.ts';
import { resolveConfig } from '../../charts/config/resolve.ts';
import type { Config } from '../../charts/config/schema.ts';
import type { ServiceSpec } from '../../charts/graph/model.ts';
import { SERVICES } from '../../charts/topology.ts';
import { AS_RULED, EVERYTHING, EXTERNAL } from './everything.ts';

type Override = ConfigOverride | Readonly<Record<string, unknown>>;

/** The services that the contract names; cases written by hand are about them. */
export const CONTRACT_SERVICES = SERVICES.filter(({ name }) =>
  ['api-gateway', 'ai-assistant', 'onec-integration', 'user-management', 'analytics', 'security'].includes(
    name,
  ),
);
/** Services of the topology by a property of their entry, so that tests need no fixed counts. */
export const WITH_DATABASE = SERVICES.filter(({ database }) => database !== undefined);
export const WITH_PAGES = SERVICES.filter(({ pages }) => pages !== undefined);
export const WITH_ROUTE = SERVICES.filter(({ route }) => route !== undefined);

export interface Container {
  readonly name: string;
  readonly image: string;
  readonly imagePullPolicy?: string;
  readonly args?: readonly string[];
  readonly env?: readonly {
    readonly name: string;
    readonly value?: string;
    readonly valueFrom?: { readonly secretKeyRef?: unknown; readonly configMapKeyRef?: unknown };
  }[];
  readonly ports?: readonly { readonly name: string; readonly containerPort: number }[];
  readonly resources?: {
    readonly requests?: Readonly<Record<string, string>>;
    readonly limits?: Readonly<Record<string, string>>;
  };
  readonly securityContext?: {
    readonly allowPrivilegeEscalation?: boolean;
    readonly readOnlyRootFilesystem?: boolean;
    readonly runAsNonRoot?: boolean;
    readonly privileged?: boolean;
    readonly capabilities?: { readonly drop?: readonly string[]; readonly add?: readonly string[] };
  };
  readonly command?: readonly string[];
  readonly envFrom?: readonly unknown[];
  readonly startupProbe?: Probe;
  readonly readinessProbe?: Probe;
  readonly livenessProbe?: Probe;
  readonly volumeMounts?: readonly {
    readonly name: string;
    readonly mountPath: string;
    readonly readOnly?: boolean;
  }[];
}

export interface Probe {
  readonly httpGet?: { readonly path: string; readonly port: string | number };
  readonly tcpSocket?: { readonly port: string | number };
  readonly exec?: { readonly command: readonly string[] };
  readonly periodSeconds?: number;
  readonly failureThreshold?: number;
  readonly timeoutSeconds?: number;
}

interface SecretSource {
  readonly name: string;
  readonly optional?: boolean;
  readonly items?: readonly { readonly key: string }[];
}

export interface Volume {
  readonly name: string;
  readonly emptyDir?: { readonly sizeLimit?: string; readonly medium?: string };
  readonly configMap?: { readonly name: string };
  readonly secret?: unknown;
  readonly hostPath?: unknown;
  readonly persistentVolumeClaim?: { readonly claimName: string };
  readonly projected?: {
    readonly sources: readonly {
      readonly secret?: SecretSource;
      readonly configMap?: {
        readonly name: string;
        readonly items?: readonly { readonly key: string; readonly path: string }[];
      };
    }[];
  };
}

export interface PodSpec {
  readonly serviceAccountName?: string;
  readonly automountServiceAccountToken?: boolean;
  readonly priorityClassName?: string;
  readonly terminationGracePeriodSeconds?: number;
  readonly hostNetwork?: boolean;
  readonly hostPID?: boolean;
  readonly hostIPC?: boolean;
  readonly securityContext?: {
    readonly runAsNonRoot?: boolean;
    readonly runAsUser?: number;
    readonly runAsGroup?: number;
    readonly fsGroup?: number;
    readonly seccompProfile?: { readonly type: string };
  };
  readonly topologySpreadConstraints?: readonly object[];
  readonly affinity?: {
    readonly podAntiAffinity?: {
      readonly preferredDuringSchedulingIgnoredDuringExecution?: readonly {
        readonly podAffinityTerm: { readonly topologyKey: string };
      }[];
    };
  };
  readonly containers: readonly Container[];
  readonly initContainers?: readonly Container[];
  readonly volumes?: readonly Volume[];
}

export interface KubeObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: {
    readonly name: string;
    readonly namespace?: string;
    readonly labels?: Readonly<Record<string, string>>;
    readonly annotations?: Readonly<Record<string, string>>;
  };
  // biome-ignore lint/suspicious/noExplicitAny: rendered YAML; each test reads the fields it asserts.
  readonly spec?: any;
  readonly data?: Readonly<Record<string, string>>;
}

/** All objects of an environment, rendered anew on every call. */
export function render(
  environment: string,
  overrides: readonly Override[] = [],
  services: readonly ServiceSpec[] = SERVICES,
): readonly KubeObject[] {
  const config = resolveConfig(environment, overrides, services);
  return buildApp(config, services).charts.flatMap((chart): KubeObject[] => chart.toJson());
}

/** Every environment as it is, and dev with the parts that are off there. */
export const VARIANTS: readonly {
  readonly name: string;
  readonly environment: string;
  readonly overrides: readonly Override[];
}[] = [
  ...ENVIRONMENTS.map((environment) => ({ name: environment, environment, overrides: [] })),
  { name: 'dev with logging', environment: 'dev', overrides: [{ logging: { enabled: true } }] },
  { name: 'production with external stores', environment: 'production', overrides: [EXTERNAL] },
  { name: 'dev with everything', environment: 'dev', overrides: [EVERYTHING, AS_RULED] },
];

/** The variants without settings for a particular cluster. */
export const PLAIN = VARIANTS.filter(({ overrides }) => !overrides.includes(EVERYTHING));

/** The one object of that kind and name. Throws when there is none or more than one. */
export function find(objects: readonly KubeObject[], kind: string, name: string): KubeObject {
  const found = objects.filter((object) => object.kind === kind && object.metadata.name === name);
  const [first] = found;
  if (!first || found.length > 1) throw new Error(`${found.length} objects ${kind}/${name}`);
  return first;
}

export interface Pod {
  readonly owner: string;
  readonly kind: string;
  readonly object: KubeObject;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  readonly spec: PodSpec;
}

/** Kinds whose pods an operator creates, each with its port. */
const MANAGED: Readonly<Record<string, number>> = { Prometheus: 9090, Alertmanager: 9093 };
/** Whether an operator creates the pod, and adds its own probes and volumes. */
export const isManaged = ({ kind }: Pod): boolean => kind in MANAGED;

/** The pod template of an object; for an operator's object, what it says of the template. */
function templateOf({ kind, spec }: KubeObject): unknown {
  const port = MANAGED[kind];
  if (port === undefined) return spec?.template ?? spec?.jobTemplate?.spec?.template;
  const { image, imagePullPolicy, resources, portName } = spec;
  const name = kind.toLowerCase();
  const main = { name, image, imagePullPolicy, resources, ports: [{ name: portName, containerPort: port }] };
  const containers = spec.containers.map((container: Container) =>
    container.name === name ? { ...main, ...container } : container,
  );
  return { metadata: spec.podMetadata, spec: { ...spec, containers, volumes: spec.volumes ?? [] } };
}

/** Every pod template. */
export function podsOf(objects: readonly KubeObject[]): readonly Pod[] {
  return objects.flatMap((object) => {
    // biome-ignore lint/suspicious/noExplicitAny: rendered YAML, as in KubeObject.
    const template = templateOf(object) as any;
    if (!template?.spec?.containers) return [];
    return [
      {
        owner: `${object.kind}/${object.metadata.name}`,
        kind: object.kind,
        object,
        labels: template.metadata?.labels ?? {},
        annotations: template.metadata?.annotations ?? {},
        spec: template.spec,
      },
    ];
  });
}

export const containersOf = (pod: Pod): readonly Container[] => [
  ...pod.spec.containers,
  ...(pod.spec.initContainers ?? []),
];

export const root = (path: string): string => fileURLToPath(new URL(`../../${path}`, import.meta.url));

/** Objects of a folder of manifests. */
export function readManifests(folder: string): readonly KubeObject[] {
  return readdirSync(folder)
    .filter((file) => file.endsWith('.yaml'))
    .flatMap((file) => loadAll(readFileSync(`${folder}/${file}`, 'utf8')) as KubeObject[]);
}

export const key = ({ kind, metadata }: KubeObject): string =>
  `${kind}/${metadata.namespace ? `${metadata.namespace}/` : ''}${metadata.name}`;

/** The resolved configuration, for comparisons. */
export const configOf = (environment: string, overrides: readonly Override[] = []): Config =>
  resolveConfig(environment, overrides);
