/** kube-state-metrics: what Kubernetes knows of the platform's own objects, read in its own namespaces only. */

import { k8s } from 'cdk8s-plus-28';
import type { Construct } from 'constructs';
import { thirdPartyImage } from '../config/images.ts';
import type { Config } from '../config/schema.ts';
import { addAccount } from '../constructs/base.ts';
import { metadataOf, namespaceOf, priorityClass, zonesOf } from '../constructs/names.ts';
import type { PlatformChartProps } from '../constructs/platform-chart.ts';
import { podSecurity, resources, spread, withoutGap } from '../constructs/pod.ts';
import { http } from '../constructs/probes.ts';
import { podTemplate } from '../constructs/template.ts';
import { componentOf, portOf } from '../graph/build.ts';
import { type Component, KUBE_STATE_METRICS } from '../graph/model.ts';
import { allowReading, type Readable } from './access.ts';
import { UNPRIVILEGED } from './managed.ts';

const CPU = { request: '20m', limit: '100m' };
const MEMORY = { request: '64Mi', limit: '128Mi' };
/** Port of its own metrics, where it also answers readiness. */
const TELEMETRY_PORT = 8081;
/** Kinds that alerts and dashboards ask about: neither Secrets nor ConfigMaps. */
const READABLE: readonly Readable[] = [
  { apiGroup: '', resources: ['persistentvolumeclaims', 'pods', 'resourcequotas'] },
  { apiGroup: 'apps', resources: ['daemonsets', 'deployments', 'statefulsets'] },
  { apiGroup: 'autoscaling', resources: ['horizontalpodautoscalers'] },
  { apiGroup: 'batch', resources: ['cronjobs', 'jobs'] },
];

export function addKubeStateMetrics(scope: Construct, { config, topology }: PlatformChartProps): void {
  const component = componentOf(topology, KUBE_STATE_METRICS);
  const metadata = metadataOf(config, component);
  addAccount(scope, config, component, true);
  for (const zone of zonesOf(config)) allowReading(scope, metadata, namespaceOf(config, zone), READABLE);
  new k8s.KubeDeployment(scope, 'kube-state-metrics', {
    metadata,
    spec: {
      replicas: 1,
      revisionHistoryLimit: 5,
      selector: { matchLabels: { ...component.selector } },
      strategy: withoutGap,
      template: podTemplate({ config, component, spec: podSpec(config, component) }),
    },
  });
}

function podSpec(config: Config, component: Component): k8s.PodSpec {
  return {
    automountServiceAccountToken: true,
    priorityClassName: priorityClass(config, 'standard'),
    terminationGracePeriodSeconds: 30,
    securityContext: podSecurity(UNPRIVILEGED),
    ...spread({ ...component.selector }),
    containers: [
      {
        name: KUBE_STATE_METRICS,
        image: thirdPartyImage(config, 'kubeStateMetrics'),
        args: [
          `--port=${portOf(component, 'metrics')}`,
          `--telemetry-port=${TELEMETRY_PORT}`,
          `--namespaces=${zonesOf(config)
            .map((zone) => namespaceOf(config, zone))
            .join(',')}`,
          `--resources=${READABLE.flatMap(({ resources: kinds }) => kinds)
            .toSorted()
            .join(',')}`,
        ],
        ports: [
          ...component.ports.map(({ name, number }) => ({ name, containerPort: number })),
          { name: 'telemetry', containerPort: TELEMETRY_PORT },
        ],
        resources: resources(config, CPU, MEMORY),
        readinessProbe: http('/readyz', 'telemetry', { periodSeconds: 10 }),
        livenessProbe: http('/livez', 'metrics', { periodSeconds: 30 }),
      },
    ],
  };
}
