/** Parts of a pod as Kubernetes writes them, for values of users. A misspelt field is refused here: cdk8s would leave it out. */
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

const keyOf = z.strictObject({ name: z.string(), key: z.string(), optional: z.boolean().exactOptional() });

/** A toleration as Kubernetes writes it. */
export const toleration = z.strictObject({
  key: z.string().exactOptional(),
  operator: z.enum(['Exists', 'Equal']).exactOptional(),
  value: z.string().exactOptional(),
  effect: z.enum(['NoSchedule', 'PreferNoSchedule', 'NoExecute']).exactOptional(),
  tolerationSeconds: z.int().exactOptional(),
});

export const spreadConstraint = z.strictObject({
  maxSkew: z.int().min(1).default(1),
  topologyKey: z.string().min(1),
  whenUnsatisfiable: z.enum(['DoNotSchedule', 'ScheduleAnyway']).default('ScheduleAnyway'),
  /** @default the labels of the component */
  labelSelector: labelSelector.exactOptional(),
  minDomains: z.int().min(1).exactOptional(),
  nodeAffinityPolicy: z.enum(['Honor', 'Ignore']).exactOptional(),
  nodeTaintsPolicy: z.enum(['Honor', 'Ignore']).exactOptional(),
  matchLabelKeys: z.array(z.string()).exactOptional(),
});

export const variable = z.strictObject({
  name: z.string().regex(/^[A-Za-z_][\w.-]*$/, 'the name of an environment variable such as TZ'),
  value: z.string().exactOptional(),
  /** From a ConfigMap, a Secret or a field of the pod, as Kubernetes writes it. */
  valueFrom: z
    .strictObject({
      configMapKeyRef: keyOf.exactOptional(),
      secretKeyRef: keyOf.exactOptional(),
      fieldRef: z.strictObject({ fieldPath: z.string() }).exactOptional(),
    })
    .exactOptional(),
});
