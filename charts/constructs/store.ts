/** The parts of every data store: a pod with a volume, a headless Service, a ConfigMap, a ServiceAccount. */

import { k8s } from 'cdk8s-plus-28';
import { Construct } from 'constructs';
import type { Config } from '../config/schema.ts';
import type { Component } from '../graph/model.ts';
import { addBase, servicePorts } from './base.ts';
import { metadataOf } from './names.ts';
import { podTemplate } from './template.ts';

export interface StoreProps {
  readonly config: Config;
  readonly component: Component;
  /** Content of its ConfigMap, which has the store's name. */
  readonly files: Readonly<Record<string, string>>;
  /** Further content whose change restarts the pod. @default {} */
  readonly alsoRollsOn?: Readonly<Record<string, string>>;
  /** Whether its name leads to it before it is ready, so that clients who wait meet it once it listens. @default false */
  readonly reachedBeforeReady?: boolean;
  /** The containers mount the volume `data`, which the construct adds. */
  readonly podSpec: k8s.PodSpec;
}

/** Name of a store's claim, as a StatefulSet would have named it; charts/volumes renders it. */
export const claimOf = (store: string): string => `data-${store}-0`;

export class Store extends Construct {
  constructor(scope: Construct, id: string, props: StoreProps) {
    super(scope, id);
    const { config, component, podSpec } = props;
    const metadata = metadataOf(config, component);
    const selector = { ...component.selector };
    const data: k8s.Volume = { name: 'data', persistentVolumeClaim: { claimName: claimOf(component.name) } };
    const annotations = addBase(this, config, component, props.files, props.alsoRollsOn);
    new k8s.KubeService(this, 'service', {
      metadata,
      spec: {
        clusterIp: 'None',
        selector,
        ports: servicePorts(component),
        ...(props.reachedBeforeReady ? { publishNotReadyAddresses: true } : {}),
      },
    });
    new k8s.KubeStatefulSet(this, 'statefulset', {
      metadata,
      spec: {
        serviceName: component.name,
        replicas: 1,
        selector: { matchLabels: selector },
        template: podTemplate({
          config,
          component,
          annotations,
          spec: { ...podSpec, volumes: [...(podSpec.volumes ?? []), data] },
        }),
      },
    });
  }
}
