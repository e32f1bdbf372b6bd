import { k8s } from 'cdk8s-plus-28';
import type { Construct } from 'constructs';

export interface DisruptionBudgetProps {
  readonly name: string;
  readonly labels: Record<string, string>;
  readonly selector: Record<string, string>;
  /** Fewest replicas there will be; a budget below two would only block node drains. */
  readonly minReplicas: number;
}

/** A disruption budget of one pod, where there are at least two; pods that are not ready may always be evicted. */
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
