/**
 * Ephemeral storage: what the containers of a pod may write on their node's disk, and what is kept free for them.
 *
 * Root file systems are read-only, so two things count: logs, and the emptyDirs a container mounts, which have
 * their own sizes (see `scratch`). The kubelet evicts a pod that has written more than its limits together, so
 * they are generous; a limit reserves no space. The scheduler places a pod by its requests. When a disk fills,
 * the kubelet first evicts pods that have written more than they requested.
 *
 * | what                    | limit      | why                                                                      |
 * | ----------------------- | ---------- | ------------------------------------------------------------------------ |
 * | logs of a container     | 256 MiB    | a kubelet keeps 5 files of 10 MiB by default, some clusters 5 of 50 MiB  |
 * | ConfigMaps of a pod     | in logs    | dashboards are the most, some 100 KiB                                    |
 * | emptyDirs on disk       | their size | the kubelet evicts at that size anyway                                   |
 * | emptyDirs in memory     | nothing    | they count as memory                                                     |
 * | volumes, host paths     | nothing    | they are no ephemeral storage                                            |
 *
 * Sizes of scratch space stand where it is mounted (`scratch`), and hold the most that is written there:
 *
 * | pod                      | what is written                                                              |
 * | ------------------------ | ---------------------------------------------------------------------------- |
 * | edge                     | bodies while they are read: those one client may send at once (`waitingMiB`) |
 * | services                 | caches of libraries; bodies are 1 MiB at most and stay in memory             |
 * | PostgreSQL, Redis        | sockets; sorting and snapshots go to the volume                              |
 * | backup, restore          | lists of tables; dumps go to the volume                                      |
 * | restore drill            | a whole database: as much as `databases.storage`                             |
 * | Grafana                  | its database of sessions                                                     |
 * | Elasticsearch, Logstash  | unpacked libraries, crash logs; indices, queues, heap dumps go to the volume |
 * | Kibana                   | its identity, reports while they are made                                    |
 * | Prometheus, Alertmanager | nothing: a volume each, and the operator's emptyDirs hold configuration      |
 *
 * A request is an eighth of the limit. For logs that is 32 MiB: the current file, the one before, three
 * compressed.
 */
import { k8s } from 'cdk8s-plus-28';
import { bytesOf, formatMemory } from '../config/quantity.ts';
import { withContainers } from './pod.ts';

const LOGS = 256 * 2 ** 20;
const REQUESTED = 1 / 8;

/** The same resources, with ephemeral storage for logs and `scratchBytes` of scratch space. */
export function withDisk(resources: k8s.ResourceRequirements, scratchBytes = 0): k8s.ResourceRequirements {
  const limit = LOGS + scratchBytes;
  const quantity = (bytes: number) => ({ 'ephemeral-storage': k8s.Quantity.fromString(formatMemory(bytes)) });
  return {
    ...resources,
    requests: { ...resources.requests, ...quantity(limit * REQUESTED) },
    limits: { ...resources.limits, ...quantity(limit) },
  };
}

/** Ephemeral storage of a container that states none: the default of every namespace. */
export const DEFAULT_DISK = withDisk({});

/** The pod with ephemeral storage for each container: its logs and the emptyDirs it mounts. */
export function podWithDisk(pod: k8s.PodSpec): k8s.PodSpec {
  const sizes = new Map(
    (pod.volumes ?? []).map(({ name, emptyDir }): [string, number] => [name, bytesOnDisk(emptyDir)]),
  );
  return withContainers(pod, (container) => {
    const mounted = new Set((container.volumeMounts ?? []).map(({ name }) => name));
    const bytes = [...mounted].reduce((sum, name) => sum + (sizes.get(name) ?? 0), 0);
    return { ...container, resources: withDisk(container.resources ?? {}, bytes) };
  });
}

const bytesOnDisk = (emptyDir: k8s.EmptyDirVolumeSource | undefined): number =>
  emptyDir?.sizeLimit && emptyDir.medium !== 'Memory' ? bytesOf(String(emptyDir.sizeLimit.value)) : 0;
