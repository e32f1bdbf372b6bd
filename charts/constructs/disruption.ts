import { k8s } from 'cdk8s-plus-28';
import type { Construct } from 'constructs';
import type { Config } from '../config/schema.ts';
import type { Component } from '../graph/model.ts';
import { metadataOf } from './names.ts';

/**
 * Adds a budget of one pod. Kubernetes may always evict unready pods.
 *
 * @param minReplicas fewest replicas of the workload; below two, a budget would only block node drains.
 */
export function addDisruptionBudget(
  scope: Construct,
  config: Config,
  component: Component,
  minReplicas: number,
): void {
  if (minReplicas < 2) return;
  new k8s.KubePodDisruptionBudget(scope, 'disruption-budget', {
    metadata: metadataOf(config, component),
    spec: {
      maxUnavailable: k8s.IntOrString.fromNumber(1),
      unhealthyPodEvictionPolicy: 'AlwaysAllow',
      selector: { matchLabels: { ...component.selector } },
    },
  });
}
