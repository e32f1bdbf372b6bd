/** What stands beside a component's pods: its ServiceAccount, its files, the ports of its Service. */
import { k8s } from 'cdk8s-plus-28';
import type { Construct } from 'constructs';
import type { Config } from '../config/schema.ts';
import type { Component } from '../graph/model.ts';
import { checksum } from './checksum.ts';
import { metadataOf } from './names.ts';

/** @param token its pods call the Kubernetes API. */
export function addAccount(scope: Construct, config: Config, component: Component, token = false): void {
  new k8s.KubeServiceAccount(scope, `${component.name}-account`, {
    metadata: metadataOf(config, component),
    automountServiceAccountToken: token,
  });
}

/**
 * The ServiceAccount, and a ConfigMap of the component's name.
 *
 * @param alsoRollsOn further content whose change restarts the pods.
 * @returns annotations of the pods, which restart them when the files change.
 */
export function addBase(
  scope: Construct,
  config: Config,
  component: Component,
  files: Readonly<Record<string, string>>,
  alsoRollsOn: Readonly<Record<string, string>> = {},
): Readonly<Record<string, string>> {
  addAccount(scope, config, component);
  new k8s.KubeConfigMap(scope, `${component.name}-config`, {
    metadata: metadataOf(config, component),
    data: { ...files },
  });
  return { 'checksum/config': checksum({ ...files, ...alsoRollsOn }) };
}

/** Every port of a component, as those of a Service. */
export const servicePorts = ({ ports }: Component): k8s.ServicePort[] =>
  ports.map(({ name, number }) => ({
    name,
    port: number,
    targetPort: k8s.IntOrString.fromString(name),
  }));
