/** node-exporter: one pod on each node, alone in the namespace that may touch the host. */

import { k8s } from 'cdk8s-plus-28';
import type { Construct } from 'constructs';
import { thirdPartyImage } from '../config/images.ts';
import type { Config } from '../config/schema.ts';
import { addAccount } from '../constructs/base.ts';
import { metadataOf, priorityClass } from '../constructs/names.ts';
import type { PlatformChartProps } from '../constructs/platform-chart.ts';
import { podSecurity, resources } from '../constructs/pod.ts';
import { http, tcp } from '../constructs/probes.ts';
import { podTemplate } from '../constructs/template.ts';
import { componentOf, portOf } from '../graph/build.ts';
import { type Component, NODE_EXPORTER } from '../graph/model.ts';
import { UNPRIVILEGED } from './managed.ts';

const CPU = { request: '50m', limit: '100m' };
const MEMORY = { request: '64Mi', limit: '128Mi' };
/**
 * Network counters are left out: they need the host's network, and NetworkPolicies do not apply to a pod there.
 * Kubelets report the counters of each pod.
 */
const COLLECTORS = [
  'cpu',
  'diskstats',
  'filefd',
  'filesystem',
  'loadavg',
  'meminfo',
  'pressure',
  'stat',
  'time',
  'uname',
  'vmstat',
];
/** The host's own mounts, and where the pod sees them. */
const HOST_PATHS = { root: '/', proc: '/proc', sys: '/sys' } as const;
/** Mounts of pods and of the kernel, which are not disks of the node. */
const NO_DISKS = '^/(dev|proc|run|sys|var/lib/(containerd|docker|kubelet)/.+)($|/)';

export function addNodeExporter(scope: Construct, { config, topology }: PlatformChartProps): void {
  const component = componentOf(topology, NODE_EXPORTER);
  addAccount(scope, config, component);
  new k8s.KubeDaemonSet(scope, 'node-exporter', {
    metadata: metadataOf(config, component),
    spec: {
      selector: { matchLabels: { ...component.selector } },
      updateStrategy: {
        type: 'RollingUpdate',
        rollingUpdate: { maxUnavailable: k8s.IntOrString.fromString('10%') },
      },
      template: podTemplate({ config, component, spec: podSpec(config, component) }),
    },
  });
}

function podSpec(config: Config, component: Component): k8s.PodSpec {
  const volumes = Object.entries(HOST_PATHS);
  return {
    priorityClassName: priorityClass(config, 'standard'),
    terminationGracePeriodSeconds: 30,
    securityContext: podSecurity(UNPRIVILEGED),
    // Tainted nodes need monitoring too.
    tolerations: [{ operator: 'Exists' }],
    nodeSelector: { 'kubernetes.io/os': 'linux' },
    containers: [
      {
        name: NODE_EXPORTER,
        image: thirdPartyImage(config, 'nodeExporter'),
        args: [
          `--web.listen-address=:${portOf(component, 'metrics')}`,
          '--path.rootfs=/host/root',
          '--path.procfs=/host/proc',
          '--path.sysfs=/host/sys',
          '--collector.disable-defaults',
          ...COLLECTORS.map((name) => `--collector.${name}`),
          `--collector.filesystem.mount-points-exclude=${NO_DISKS}`,
          '--log.format=json',
        ],
        ports: component.ports.map(({ name, number }) => ({ name, containerPort: number })),
        resources: resources(config, CPU, MEMORY),
        readinessProbe: http('/', 'metrics', { periodSeconds: 10 }),
        livenessProbe: tcp('metrics', { periodSeconds: 30 }),
        volumeMounts: volumes.map(([name]) => ({
          name,
          mountPath: `/host/${name}`,
          readOnly: true,
          ...(name === 'root' ? { mountPropagation: 'HostToContainer' } : {}),
        })),
      },
    ],
    volumes: volumes.map(([name, path]) => ({ name, hostPath: { path } })),
  };
}
