/** Affinity and label selectors, as Kubernetes writes them. A misspelt field is refused here: cdk8s would leave it out. */
import { z } from 'zod';

const strings = z.record(z.string(), z.string());
const operators = ['In', 'NotIn', 'Exists', 'DoesNotExist'] as const;

const requirement = <T extends readonly [string, ...string[]]>(names: T) =>
  z.strictObject({
    key: z.string(),
    operator: z.enum(names),
    values: z.array(z.string()).exactOptional(),
  });

export const labelSelector = z.strictObject({
  matchLabels: strings.exactOptional(),
  matchExpressions: z.array(requirement(operators)).exactOptional(),
});

const nodeRequirements = z.array(requirement([...operators, 'Gt', 'Lt'])).exactOptional();
const nodeTerm = z.strictObject({ matchExpressions: nodeRequirements, matchFields: nodeRequirements });
const podTerm = z.strictObject({
  topologyKey: z.string(),
  labelSelector: labelSelector.exactOptional(),
  namespaces: z.array(z.string()).exactOptional(),
  namespaceSelector: labelSelector.exactOptional(),
});
const weight = z.int().min(1).max(100);

const podTerms = z.strictObject({
  requiredDuringSchedulingIgnoredDuringExecution: z.array(podTerm).exactOptional(),
  preferredDuringSchedulingIgnoredDuringExecution: z
    .array(z.strictObject({ weight, podAffinityTerm: podTerm }))
    .exactOptional(),
});

export const affinity = z.strictObject({
  nodeAffinity: z
    .strictObject({
      requiredDuringSchedulingIgnoredDuringExecution: z
        .strictObject({ nodeSelectorTerms: z.array(nodeTerm) })
        .exactOptional(),
      preferredDuringSchedulingIgnoredDuringExecution: z
        .array(z.strictObject({ weight, preference: nodeTerm }))
        .exactOptional(),
    })
    .exactOptional(),
  podAffinity: podTerms.exactOptional(),
  podAntiAffinity: podTerms.exactOptional(),
});
