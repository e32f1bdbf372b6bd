/** Databases of CloudNativePG: a Cluster as a workload whose pods are its instances. */
import { z } from 'zod';

/** `status.phase` when the operator has nothing left to do (api/v1/cluster_types.go, PhaseHealthy). */
const HEALTHY = 'Cluster in healthy state';

const databaseCluster = z.looseObject({
  kind: z.literal('Cluster'),
  metadata: z.looseObject({ name: z.string() }),
  spec: z.looseObject({ instances: z.int().default(1), imageName: z.string().default('') }),
  // Absent until the operator has seen the Cluster.
  status: z
    .looseObject({
      instances: z.int().default(0),
      readyInstances: z.int().default(0),
      phase: z.string().default('not seen by the operator'),
      phaseReason: z.string().default(''),
    })
    .prefault({}),
});

/** Turns a Cluster into a workload; returns everything else unchanged. */
export function asWorkload(value: unknown): unknown {
  const parsed = databaseCluster.safeParse(value);
  if (!parsed.success) return value;
  const { kind, metadata, spec, status } = parsed.data;
  return {
    kind,
    metadata,
    spec: {
      replicas: spec.instances,
      selector: { matchLabels: { 'cnpg.io/cluster': metadata.name } },
      template: { spec: { containers: [{ image: spec.imageName }] } },
    },
    status: {
      replicas: status.instances,
      readyReplicas: status.readyInstances,
      phase:
        status.phase === HEALTHY ? undefined : [status.phase, status.phaseReason].filter(Boolean).join(': '),
    },
  };
}
