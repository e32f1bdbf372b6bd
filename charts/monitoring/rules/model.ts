/** The types of the rules: what they record, what they alert on, which part of the platform they cover. */
import type { Config } from '../../config/schema.ts';
import { namespaceOf, zonesOf } from '../../constructs/names.ts';
import type { Topology } from '../../graph/model.ts';
import type { SEVERITIES } from '../routing.ts';

/** `critical`: wakes a person up. `warning`: a person looks on the same day. `info`: good to know. */
export type Severity = keyof typeof SEVERITIES;

/** A series that Prometheus computes once for several rules or dashboards. */
export interface Recording {
  /** Its name, `level:metric:operation`. */
  readonly record: string;
  readonly expr: string;
  /** @default {} */
  readonly labels?: Readonly<Record<string, string>>;
}

export interface Alert {
  /** Unique; names the page in docs/runbooks. */
  readonly alert: string;
  readonly severity: Severity;
  readonly expr: string;
  /** How long the expression must hold, such as `5m`. @default 0s */
  readonly for?: string;
  /** One line; may hold labels, such as `{{ $labels.job }}`. */
  readonly summary: string;
  /** What is seen, with the value. */
  readonly description: string;
}

export interface RuleGroup {
  /** Name of the group; all groups of an environment differ. */
  readonly name: string;
  readonly recordings?: readonly Recording[];
  readonly alerts?: readonly Alert[];
}

/** What rules are derived from. */
export interface RuleScope {
  readonly config: Config;
  readonly topology: Topology;
  /** Namespace of services and stores. */
  readonly app: string;
  /** Matcher of every namespace of the platform. */
  readonly namespaces: string;
}

export const ruleScope = (config: Config, topology: Topology): RuleScope => ({
  config,
  topology,
  app: namespaceOf(config, 'app'),
  namespaces: `namespace=~"${zonesOf(config)
    .map((zone) => namespaceOf(config, zone))
    .join('|')}"`,
});

/** Whether a component of that name runs. */
export const runs = ({ topology }: RuleScope, name: string): boolean =>
  topology.components.some((component) => component.name === name);

/** Whether Prometheus asks the kubelets. */
export const asksKubelets = ({ topology }: RuleScope): boolean =>
  topology.externalEdges.some(({ to }) => to === 'kubelet');
