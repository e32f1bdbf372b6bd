/** What Prometheus and Alertmanager share: the operator creates their pods from these fields. */

import { k8s } from 'cdk8s-plus-28';
import type { Construct } from 'constructs';
import type { ManagedPodSpec } from '../../imports/monitoring.coreos.com.ts';
import { thirdPartyImage } from '../config/images.ts';
import type { Config } from '../config/schema.ts';
import { IMAGES } from '../config/versions.ts';
import { servicePorts } from '../constructs/base.ts';
import { componentLabels, metadataOf, priorityClass } from '../constructs/names.ts';
import { podSecurity, resources, volumeClaim } from '../constructs/pod.ts';
import { podTemplate } from '../constructs/template.ts';
import type { Allowance, Component } from '../graph/model.ts';

/** The user of both images. */
export const UNPRIVILEGED = 65_534;
/** The sidecar that writes changed configuration and reloads its neighbour. */
const RELOADER = {
  cpu: { request: '10m', limit: '100m' },
  memory: { request: '32Mi', limit: '64Mi' },
} as const;

const tagOf = (image: string): string => image.slice(image.lastIndexOf(':') + 1);

export interface ManagedPodProps {
  readonly config: Config;
  readonly component: Component;
  readonly image: 'prometheus' | 'alertmanager';
  readonly cpu: Allowance;
  readonly memory: Allowance;
  readonly storage: string;
  /** Fields that differ from the operator's own startup probe. @default none */
  readonly startupProbe?: Pick<k8s.Probe, 'periodSeconds' | 'failureThreshold'>;
  /** Its pod calls the Kubernetes API. @default false */
  readonly token?: boolean;
}

export function managedPod(props: ManagedPodProps): ManagedPodSpec {
  const { config, component, image } = props;
  const labels = componentLabels(config, component);
  const reloader = (name: string): k8s.Container => ({
    name,
    image: thirdPartyImage(config, 'prometheusConfigReloader'),
    resources: resources(config, RELOADER.cpu, RELOADER.memory),
  });
  const { metadata, spec } = podTemplate({
    config,
    component,
    spec: {
      priorityClassName: priorityClass(config, 'standard'),
      containers: [
        {
          name: image,
          resources: resources(config, props.cpu, props.memory),
          ...(props.startupProbe ? { startupProbe: props.startupProbe } : {}),
        },
        reloader('config-reloader'),
      ],
      initContainers: [reloader('init-config-reloader')],
    },
  });
  const { containers, initContainers = [], runtimeClassName: _none, ...placement } = spec;
  const [main = { name: image }, ...others] = containers;
  const { resources: own = {}, imagePullPolicy = 'IfNotPresent', ...patch } = main;
  return {
    version: tagOf(IMAGES[image]),
    image: thirdPartyImage(config, image),
    imagePullPolicy,
    replicas: 1,
    podMetadata: metadata,
    ...placement,
    serviceAccountName: component.name,
    automountServiceAccountToken: props.token ?? false,
    enableServiceLinks: false,
    securityContext: podSecurity(UNPRIVILEGED),
    resources: own,
    containers: [patch, ...others],
    initContainers,
    storage: { volumeClaimTemplate: { metadata: { labels }, spec: volumeClaim(config, props.storage) } },
    portName: 'web',
    logFormat: 'json',
  };
}

/** The Service of a component in the cluster: a stable name in front of its pods. */
export function addService(scope: Construct, config: Config, component: Component): void {
  new k8s.KubeService(scope, `${component.name}-service`, {
    metadata: metadataOf(config, component),
    spec: { selector: { ...component.selector }, ports: servicePorts(component) },
  });
}
