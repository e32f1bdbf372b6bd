/** Builds every pod template: adds ephemeral storage, then the configuration's pod settings. */
import { k8s } from 'cdk8s-plus-28';
import { type PodSettings, podSettings } from '../config/pods.ts';
import { bytesOf, millicores } from '../config/quantity.ts';
import type { Config } from '../config/schema.ts';
import { ConfigError } from '../graph/error.ts';
import type { Component } from '../graph/model.ts';
import { podWithDisk } from './disk.ts';
import { componentLabels } from './names.ts';
import { withTrust } from './outside.ts';
import { containerSecurity, withContainers } from './pod.ts';

export interface PodTemplateProps {
  readonly config: Config;
  readonly component: Component;
  /** @default none */
  readonly annotations?: Readonly<Record<string, string>>;
  readonly spec: k8s.PodSpec;
}

export interface PodTemplate {
  readonly metadata: { labels: Record<string, string>; annotations?: Record<string, string> };
  readonly spec: k8s.PodSpec;
}

/** Metadata and spec of a component's pods. @throws ConfigError for settings this pod cannot have. */
export function podTemplate({ config, component, annotations = {}, spec }: PodTemplateProps): PodTemplate {
  const settings = podSettings(config, component);
  const allAnnotations = { ...settings.podAnnotations, ...annotations };
  const pod = podWithDisk(withDefaults(spec, component));
  return {
    metadata: {
      labels: { ...settings.podLabels, ...componentLabels(config, component) },
      ...(Object.keys(allAnnotations).length > 0 ? { annotations: allAnnotations } : {}),
    },
    spec: withTrust(
      config,
      component,
      withResources(withPlacement(pod, component, settings), component, settings),
    ),
  };
}

/** What pods have unless they say otherwise: an account without a token, no privileges, images pulled once. */
function withDefaults(pod: k8s.PodSpec, { name }: Component): k8s.PodSpec {
  return {
    ...withContainers(pod, (container) => ({
      ...container,
      imagePullPolicy: container.imagePullPolicy ?? 'IfNotPresent',
      securityContext: container.securityContext ?? containerSecurity,
    })),
    serviceAccountName: pod.serviceAccountName ?? name,
    automountServiceAccountToken: pod.automountServiceAccountToken ?? false,
    enableServiceLinks: pod.enableServiceLinks ?? false,
  };
}

function withPlacement(pod: k8s.PodSpec, { selector }: Component, settings: PodSettings): k8s.PodSpec {
  const { tolerations = [], imagePullSecrets = [], topologySpreadConstraints } = settings;
  const nodeSelector = { ...pod.nodeSelector, ...settings.nodeSelector };
  const affinity = { ...pod.affinity, ...settings.affinity };
  const priorityClassName = settings.priorityClassName ?? pod.priorityClassName;
  return {
    ...pod,
    ...(priorityClassName ? { priorityClassName } : {}),
    ...(settings.runtimeClassName ? { runtimeClassName: settings.runtimeClassName } : {}),
    ...(Object.keys(nodeSelector).length > 0 ? { nodeSelector } : {}),
    ...(tolerations.length > 0 ? { tolerations: [...(pod.tolerations ?? []), ...tolerations] } : {}),
    ...(Object.keys(affinity).length > 0 ? { affinity } : {}),
    ...(imagePullSecrets.length > 0 ? { imagePullSecrets: [...imagePullSecrets] } : {}),
    ...(topologySpreadConstraints
      ? {
          topologySpreadConstraints: topologySpreadConstraints.map((constraint) => ({
            labelSelector: { matchLabels: { ...selector } },
            ...constraint,
          })),
        }
      : {}),
  };
}

function withResources(pod: k8s.PodSpec, { name }: Component, { resources = {} }: PodSettings): k8s.PodSpec {
  const containers = [...pod.containers, ...(pod.initContainers ?? [])].map((container) => container.name);
  const unknown = Object.keys(resources).find((container) => !containers.includes(container));
  const field = `pods.components.${name}.resources`;
  if (unknown) throw new ConfigError(field, unknown, `one of ${containers.join(', ')}`);
  return withContainers(pod, (container) => {
    const own = resources[container.name];
    if (!own) return container;
    const merged = {
      requests: { ...container.resources?.requests, ...quantities(own.requests) },
      limits: { ...container.resources?.limits, ...quantities(own.limits) },
    };
    checkAmounts(merged, `${field}.${container.name}`);
    return { ...container, resources: merged };
  });
}

const quantities = (amounts: Readonly<Record<string, string | undefined>> = {}) =>
  Object.fromEntries(
    Object.entries(amounts).flatMap(([name, text]) => (text ? [[name, k8s.Quantity.fromString(text)]] : [])),
  );

/** @throws ConfigError for a request above its limit. */
function checkAmounts({ requests = {}, limits = {} }: k8s.ResourceRequirements, field: string): void {
  for (const [name, limit] of Object.entries(limits)) {
    const parse = name === 'cpu' ? millicores : bytesOf;
    const request = requests[name];
    if (request && parse(String(request.value)) > parse(String(limit.value)))
      throw new ConfigError(`${field}.requests.${name}`, request.value, `at most the limit (${limit.value})`);
  }
}
