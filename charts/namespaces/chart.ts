/** Namespaces with their Pod Security levels, quotas, default limits, and the priority classes. */

import { k8s } from 'cdk8s-plus-28';
import type { Construct } from 'constructs';
import { DEFAULT_DISK } from '../constructs/disk.ts';
import type { Footprint } from '../constructs/footprint.ts';
import { KEPT } from '../constructs/kept.ts';
import { namespaceOf, priorityClass, zonesOf } from '../constructs/names.ts';
import { PlatformChart, type PlatformChartProps } from '../constructs/platform-chart.ts';
import { solverPod } from '../edge/certificate.ts';
import type { Zone } from '../graph/model.ts';

/** Version of the Pod Security rules; `latest` means the cluster's own. */
const POD_SECURITY_VERSION = 'latest';
const PRIORITIES = { critical: 1_000_000, standard: 100_000, batch: 1_000 } as const;

export interface NamespacesProps extends PlatformChartProps {
  /** Resources of all pods at their largest, by namespace. */
  readonly footprints: ReadonlyMap<string, Footprint>;
}

export class Namespaces extends PlatformChart {
  constructor(scope: Construct, id: string, props: NamespacesProps) {
    super(scope, id, props);
    for (const zone of zonesOf(props.config)) this.addNamespace(zone, props.footprints);
    for (const [level, value] of Object.entries(PRIORITIES) as [keyof typeof PRIORITIES, number][])
      new k8s.KubePriorityClass(this, `priority-${level}`, {
        metadata: { name: priorityClass(props.config, level) },
        value,
        preemptionPolicy: level === 'batch' ? 'Never' : 'PreemptLowerPriority',
        description: `AI assistants: ${level} workloads`,
      });
  }

  private addNamespace(zone: Zone, footprints: ReadonlyMap<string, Footprint>): void {
    const name = namespaceOf(this.config, zone);
    const level = zone === 'node-agents' ? 'privileged' : 'restricted';
    new k8s.KubeNamespace(this, name, {
      metadata: {
        name,
        annotations: { ...KEPT },
        labels: {
          ...Object.fromEntries(
            (['enforce', 'audit', 'warn'] as const).flatMap((mode) => [
              [`pod-security.kubernetes.io/${mode}`, level],
              [`pod-security.kubernetes.io/${mode}-version`, POD_SECURITY_VERSION],
            ]),
          ),
        },
      },
    });
    new k8s.KubeLimitRange(this, `${name}-limits`, {
      metadata: { name: 'defaults', namespace: name },
      spec: {
        limits: [
          {
            type: 'Container',
            default: {
              cpu: k8s.Quantity.fromString('200m'),
              memory: k8s.Quantity.fromString('128Mi'),
              ...DEFAULT_DISK.limits,
            },
            defaultRequest: {
              cpu: k8s.Quantity.fromString('10m'),
              memory: k8s.Quantity.fromString('32Mi'),
              ...DEFAULT_DISK.requests,
            },
          },
        ],
      },
    });
    const footprint = footprints.get(name);
    // cert-manager makes a pod for each host of a certificate at a time.
    if (zone === 'app' && this.config.edge.tls === 'acme')
      footprint?.add(solverPod, this.config.edge.hosts.length);
    if (footprint)
      new k8s.KubeResourceQuota(this, `${name}-quota`, {
        metadata: { name: 'quota', namespace: name },
        spec: { hard: footprint.toQuota() },
      });
  }
}
