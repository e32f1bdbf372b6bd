import { k8s } from 'cdk8s-plus-28';
import type { Construct } from 'constructs';

export interface DisruptionBudgetProps {
  readonly name: string;
  readonly labels: Record<string, string>;
  readonly selector: Record<string, string>;
  /** Fewest replicas of the workload; below two, a budget would only block node drains. */
  readonly minReplicas: number;
}

/** Adds a budget of one pod, where there are at least two. Kubernetes may always evict unready pods. */
export function addDisruptionBudget(scope: Construct, props: DisruptionBudgetProps): void {
  if (props.minReplicas < 2) return;
  new k8s.KubePodDisruptionBudget(scope, 'disruption-budget', {
    metadata: { name: props.name, labels: props.labels },
    spec: {
      maxUnavailable: k8s.IntOrString.fromNumber(1),
      unhealthyPodEvictionPolicy: 'AlwaysAllow',
      selector: { matchLabels: props.selector },
    },
  });
}
