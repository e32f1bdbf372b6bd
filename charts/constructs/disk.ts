/**
 * Ephemeral storage: what the containers of a pod may write on their node's disk, and what is kept free for them.
 *
 * Root file systems are read-only, so there are two things to count: logs, and the emptyDirs a container mounts, which
 * have sizes of their own (see `scratch`). The kubelet evicts a pod that has written more than its limits together, so
 * they are generous; a limit takes no room from others. Requests decide whether a pod is scheduled and who is evicted
 * first when a disk fills: a pod that has written more than it asked for.
 *
 * | what                    | limit      | why                                                                      |
 * | ----------------------- | ---------- | ------------------------------------------------------------------------ |
 * | logs of a container     | 256 MiB    | kubelets keep 5 files of 10 MiB, those of managed clusters up to 50 MiB  |
 * | ConfigMaps of a pod     | in logs    | at most 1 MiB each; Grafana's dashboards are the most, below 2 MiB       |
 * | emptyDirs on disk       | their size | the kubelet evicts at that size anyway                                   |
 * | emptyDirs in memory     | nothing    | they count as memory                                                     |
 * | volumes, host paths     | nothing    | they are no ephemeral storage: Prometheus, Elasticsearch, databases      |
 *
 * A request is an eighth of the limit. For logs that is 32 MiB: the file being written, the one before, three compressed.
 * Scratch space is sized for the worst case (several bodies of 100 MiB at the edge, a full database in a restore drill).
 */
import { k8s } from 'cdk8s-plus-28';
import { bytesOf, formatMemory } from './quantity.ts';

const LOGS = 256 * 2 ** 20;
const REQUESTED = 1 / 8;

/** The same resources, with ephemeral storage for logs and so many bytes of scratch space. */
export function withDisk(resources: k8s.ResourceRequirements, scratchBytes = 0): k8s.ResourceRequirements {
  const limit = LOGS + scratchBytes;
  const quantity = (bytes: number) => ({ 'ephemeral-storage': k8s.Quantity.fromString(formatMemory(bytes)) });
  return {
    ...resources,
    requests: { ...resources.requests, ...quantity(limit * REQUESTED) },
    limits: { ...resources.limits, ...quantity(limit) },
  };
}

/** What a container may write without saying so: the default of every namespace. */
export const DEFAULT_DISK = withDisk({});

/** The pod with ephemeral storage for each container: its logs and the emptyDirs it mounts. */
export function podWithDisk(pod: k8s.PodSpec): k8s.PodSpec {
  const sizes = new Map(
    (pod.volumes ?? []).map(({ name, emptyDir }): [string, number] => [name, bytesOnDisk(emptyDir)]),
  );
  const sized = (container: k8s.Container): k8s.Container => {
    const mounted = new Set((container.volumeMounts ?? []).map(({ name }) => name));
    const bytes = [...mounted].reduce((sum, name) => sum + (sizes.get(name) ?? 0), 0);
    return { ...container, resources: withDisk(container.resources ?? {}, bytes) };
  };
  return {
    ...pod,
    containers: pod.containers.map(sized),
    ...(pod.initContainers ? { initContainers: pod.initContainers.map(sized) } : {}),
  };
}

const bytesOnDisk = (emptyDir: k8s.EmptyDirVolumeSource | undefined): number =>
  emptyDir?.sizeLimit && emptyDir.medium !== 'Memory' ? bytesOf(String(emptyDir.sizeLimit.value)) : 0;
