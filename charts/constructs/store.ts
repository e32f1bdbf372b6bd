/** The parts of every data store: a pod with a volume, a headless Service, a ConfigMap, a ServiceAccount. */

import { k8s } from 'cdk8s-plus-28';
import { Construct } from 'constructs';
import type { Config } from '../config/schema.ts';
import type { Component } from '../graph/model.ts';
import { checksum } from './checksum.ts';
import { componentLabels } from './names.ts';
import { podTemplate } from './template.ts';

export interface StoreProps {
  readonly config: Config;
  readonly component: Component;
  /** Content of its ConfigMap, which has the store's name. */
  readonly files: Readonly<Record<string, string>>;
  /** Further content whose change restarts the pod. @default {} */
  readonly alsoRollsOn?: Readonly<Record<string, string>>;
  /** The containers mount the volume `data`, which the construct adds. */
  readonly podSpec: k8s.PodSpec;
}

/** Name of a store's claim, as a StatefulSet would have named it; charts/volumes renders it. */
export const claimOf = (store: string): string => `data-${store}-0`;

export class Store extends Construct {
  readonly statefulSet: k8s.KubeStatefulSet;

  constructor(scope: Construct, id: string, props: StoreProps) {
    super(scope, id);
    const { config, component, files, alsoRollsOn = {}, podSpec } = props;
    const { name } = component;
    const labels = componentLabels(config, component);
    const selector = { ...component.selector };
    const data: k8s.Volume = { name: 'data', persistentVolumeClaim: { claimName: claimOf(name) } };
    new k8s.KubeServiceAccount(this, 'account', {
      metadata: { name, labels },
      automountServiceAccountToken: false,
    });
    new k8s.KubeConfigMap(this, 'config', { metadata: { name, labels }, data: { ...files } });
    new k8s.KubeService(this, 'service', {
      metadata: { name, labels },
      spec: {
        clusterIp: 'None',
        selector,
        ports: component.ports.map((port) => ({
          name: port.name,
          port: port.number,
          targetPort: k8s.IntOrString.fromString(port.name),
        })),
      },
    });
    this.statefulSet = new k8s.KubeStatefulSet(this, 'statefulset', {
      metadata: { name, labels },
      spec: {
        serviceName: name,
        replicas: 1,
        selector: { matchLabels: selector },
        template: podTemplate({
          config,
          component,
          annotations: { 'checksum/config': checksum({ ...files, ...alsoRollsOn }) },
          spec: { ...podSpec, volumes: [...(podSpec.volumes ?? []), data] },
        }),
      },
    });
  }
}
