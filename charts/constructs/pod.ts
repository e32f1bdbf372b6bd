/** The parts every pod is made of: resources, security contexts, secrets as files, scratch space. */
import { k8s } from 'cdk8s-plus-28';
import { bytesOf, formatCpu, formatMemory, millicores } from '../config/quantity.ts';
import { SURGE } from '../config/scale.ts';
import type { Config } from '../config/schema.ts';
import type { Allowance, SecretSpec } from '../graph/model.ts';

/** uid and gid of every container of the platform. */
export const APP_USER = 1001;
/** Where secrets are mounted, one file a key. */
export const SECRETS_DIR = '/run/secrets/assistants';

const MIN_MILLICORES = 10;
const MIN_BYTES = 16 * 2 ** 20;

/** Requests times the environment's factor (never below 10m and 16Mi); limits unchanged. */
export function resources(config: Config, cpu: Allowance, memory: Allowance): k8s.ResourceRequirements {
  const { requestScale } = config;
  const cpuRequest = Math.max(MIN_MILLICORES, Math.ceil(millicores(cpu.request) * requestScale.cpu));
  const memoryRequest = Math.max(MIN_BYTES, Math.ceil(bytesOf(memory.request) * requestScale.memory));
  return {
    requests: {
      cpu: k8s.Quantity.fromString(formatCpu(cpuRequest)),
      memory: k8s.Quantity.fromString(formatMemory(memoryRequest)),
    },
    limits: { cpu: k8s.Quantity.fromString(cpu.limit), memory: k8s.Quantity.fromString(memory.limit) },
  };
}

/** A small helper container: a sidecar exporter or an init step. */
export const SMALL = {
  cpu: { request: '20m', limit: '100m' },
  memory: { request: '32Mi', limit: '64Mi' },
} as const;

/** Pod Security `restricted`, for one user. */
export const podSecurity = (user: number, group = user): k8s.PodSecurityContext => ({
  runAsNonRoot: true,
  runAsUser: user,
  runAsGroup: group,
  fsGroup: group,
  fsGroupChangePolicy: 'OnRootMismatch',
  seccompProfile: { type: 'RuntimeDefault' },
});

/** No privileges, no capabilities, nothing written outside the mounted volumes. */
export const containerSecurity: k8s.SecurityContext = {
  allowPrivilegeEscalation: false,
  privileged: false,
  readOnlyRootFilesystem: true,
  runAsNonRoot: true,
  capabilities: { drop: ['ALL'] },
};

/** Environment variables by name. */
export const environment = (values: Readonly<Record<string, string>>): k8s.EnvVar[] =>
  Object.entries(values).map(([name, value]) => ({ name, value }));

/** The pod with every container changed, those that prepare it too. */
export const withContainers = (
  pod: k8s.PodSpec,
  change: (container: k8s.Container) => k8s.Container,
): k8s.PodSpec => ({
  ...pod,
  containers: pod.containers.map(change),
  ...(pod.initContainers ? { initContainers: pod.initContainers.map(change) } : {}),
});

/** Claim of a volume that one node mounts at a time, of the configured storage class. */
export const volumeClaim = (config: Config, storage: string): k8s.PersistentVolumeClaimSpec => ({
  accessModes: ['ReadWriteOnce'],
  ...(config.storageClass ? { storageClassName: config.storageClass } : {}),
  resources: { requests: { storage: k8s.Quantity.fromString(storage) } },
});

/** A rollout that never has fewer pods than desired: it adds one pod, then removes one. */
export const withoutGap: k8s.DeploymentStrategy = {
  type: 'RollingUpdate',
  rollingUpdate: {
    maxUnavailable: k8s.IntOrString.fromNumber(0),
    maxSurge: k8s.IntOrString.fromNumber(SURGE),
  },
};

/** Scratch space, which counts against the pod's limits. */
export const scratch = (name: string, sizeLimit: string, memory = false): k8s.Volume => ({
  name,
  emptyDir: { sizeLimit: k8s.Quantity.fromString(sizeLimit), ...(memory ? { medium: 'Memory' } : {}) },
});

/** A key of a Secret, and the file it becomes. */
export interface SecretFile {
  readonly secret: string;
  /** It is a ConfigMap: what belongs to secrets but is none, such as a server's authority. @default false */
  readonly configMap?: boolean;
  readonly key: string;
  readonly path: string;
  /** The pod starts without it. @default false */
  readonly optional?: boolean;
}

/** Files of a service's Secrets. */
export const secretFilesOf = (spec: SecretSpec): readonly SecretFile[] =>
  spec.keys.map((key) => ({ secret: spec.name, key, path: key, optional: spec.optional ?? false }));

/** One volume with secrets as files, readable by the pod's group only. Keys of one Secret are grouped. */
export function secretVolume(name: string, files: readonly SecretFile[]): k8s.Volume {
  const bySecret = new Map<string, SecretFile[]>();
  for (const file of files) {
    // An optional Secret may lack some keys, so each key is a source of its own.
    const group = file.optional || file.configMap ? `${file.secret}/${file.key}` : file.secret;
    bySecret.set(group, [...(bySecret.get(group) ?? []), file]);
  }
  return {
    name,
    projected: {
      defaultMode: 0o440,
      sources: [...bySecret.values()].map((group) => {
        const source = {
          name: group[0]?.secret ?? '',
          optional: group[0]?.optional ?? false,
          items: group.map(({ key, path }) => ({ key, path })),
        };
        return group[0]?.configMap ? { configMap: source } : { secret: source };
      }),
    },
  };
}

/**
 * Asks the scheduler to prefer different nodes and zones for the pods of a Deployment; one node is enough.
 * Zones are no second constraint: on nodes without a zone the scheduler would ignore both.
 */
export const spread = (
  matchLabels: Record<string, string>,
): Pick<k8s.PodSpec, 'topologySpreadConstraints' | 'affinity'> => ({
  topologySpreadConstraints: [
    {
      maxSkew: 1,
      topologyKey: 'kubernetes.io/hostname',
      whenUnsatisfiable: 'ScheduleAnyway',
      labelSelector: { matchLabels },
      // Counts one revision only: counting pods that are about to go would put the new pods on one node.
      matchLabelKeys: ['pod-template-hash'],
    },
  ],
  affinity: {
    podAntiAffinity: {
      preferredDuringSchedulingIgnoredDuringExecution: [
        {
          weight: 100,
          podAffinityTerm: { topologyKey: 'topology.kubernetes.io/zone', labelSelector: { matchLabels } },
        },
      ],
    },
  },
});
