/** What pods use, as the metrics server measures it, beside their requests and limits. */
import { z } from 'zod';
import { bytesOf, millicores } from '../../charts/config/quantity.ts';
import type { Config } from '../../charts/config/schema.ts';
import type { Component } from '../../charts/graph/model.ts';
import { type LivePod, podsOfComponent } from './components.ts';

/** Factor on the highest measured use, for peaks between measurements. */
const HEADROOM = 1.3;
/** Smallest suggested request: a smaller one would save nothing worth a change. */
const LEAST: Amounts = { cpu: 10, memory: 32 * 2 ** 20 };
/** A request within this factor of the suggestion stays as it is. */
const TOLERANCE = 1.5;

export interface Suggestion {
  readonly component: string;
  readonly container: string;
  readonly samples: number;
  readonly mean: Amounts;
  readonly peak: Amounts;
  readonly request: Amounts;
  readonly limit: Amounts;
  /** The request that suits the measured use; the present one when it is near enough. */
  readonly suggested: Amounts;
  /** Resources whose use came near the limit. */
  readonly tight: readonly ('cpu' | 'memory')[];
}

const KINDS = ['cpu', 'memory'] as const;
/** Share of the limit above which it is tight: the kernel kills a container that exceeds its memory. */
const TIGHT = 0.9;

const most = (values: readonly number[]): number => Math.max(0, ...values);
const mean = (values: readonly number[]): number =>
  values.length === 0 ? 0 : values.reduce((a, b) => a + b, 0) / values.length;
const each = (make: (kind: 'cpu' | 'memory') => number): Amounts => ({
  cpu: make('cpu'),
  memory: make('memory'),
});

/** One suggestion for each container of each component, from all pods of the component. */
export function suggestions(samples: readonly (readonly UsageRow[])[]): readonly Suggestion[] {
  const rows = samples.flat().filter(({ used }) => used !== undefined);
  const key = ({ component, container }: UsageRow): string => `${component}/${container}`;
  return [...new Set(rows.map(key))].flatMap((one) => {
    const own = rows.filter((row) => key(row) === one);
    const [first] = own;
    return first ? [suggestion(first, own)] : [];
  });
}

function suggestion(
  { component, container, request, limit }: UsageRow,
  own: readonly UsageRow[],
): Suggestion {
  const used = (kind: 'cpu' | 'memory'): readonly number[] => own.flatMap((row) => row.used?.[kind] ?? []);
  const peak = each((kind) => most(used(kind)));
  const fitting = each((kind) =>
    Math.ceil(Math.max(Math.min(LEAST[kind], request[kind]), peak[kind] * HEADROOM)),
  );
  const near = (kind: 'cpu' | 'memory'): boolean =>
    request[kind] <= fitting[kind] * TOLERANCE && request[kind] * TOLERANCE >= fitting[kind];
  return {
    component,
    container,
    samples: own.length,
    mean: each((kind) => mean(used(kind))),
    peak,
    request,
    limit,
    suggested: each((kind) =>
      near(kind) ? request[kind] : Math.min(fitting[kind], limit[kind] || fitting[kind]),
    ),
    tight: KINDS.filter((kind) => limit[kind] > 0 && peak[kind] >= limit[kind] * TIGHT),
  };
}

export const changed = ({ request, suggested }: Suggestion): boolean =>
  KINDS.some((kind) => request[kind] !== suggested[kind]);

export const podMetrics = z.looseObject({
  metadata: z.looseObject({ name: z.string(), namespace: z.string() }),
  /** End of the measurement; `window` is its length. */
  timestamp: z.string(),
  window: z.string(),
  containers: z.array(
    z.looseObject({ name: z.string(), usage: z.looseObject({ cpu: z.string(), memory: z.string() }) }),
  ),
});
export type PodMetrics = z.output<typeof podMetrics>;

/** CPU in millicores, memory in bytes. */
export interface Amounts {
  readonly cpu: number;
  readonly memory: number;
}

export interface UsageRow {
  readonly component: string;
  readonly pod: string;
  readonly container: string;
  /** Undefined until the metrics server has measured the container. */
  readonly used?: Amounts;
  readonly request: Amounts;
  readonly limit: Amounts;
}

const CPU_UNITS: Readonly<Record<string, number>> = { n: 1e-6, u: 1e-3 };

/** Millicores of a measured quantity, which may be in nanocores. */
export function measuredCpu(quantity: string): number {
  const [, number, unit] = /^(\d+)([nu])$/.exec(quantity) ?? [];
  return unit === undefined ? millicores(quantity) : Number(number) * (CPU_UNITS[unit] ?? Number.NaN);
}

const amountsOf = ({ cpu = '0', memory = '0' }: Readonly<Record<string, string>>): Amounts => ({
  cpu: millicores(cpu),
  memory: bytesOf(memory),
});

export const sum = (amounts: readonly Amounts[]): Amounts =>
  amounts.reduce((a, b) => ({ cpu: a.cpu + b.cpu, memory: a.memory + b.memory }), { cpu: 0, memory: 0 });

/** One row for each container, in the order of the components. */
export function usageRows(
  config: Config,
  components: readonly Component[],
  pods: readonly LivePod[],
  metrics: readonly PodMetrics[],
): readonly UsageRow[] {
  const key = (namespace: string, pod: string, container: string): string =>
    `${namespace}/${pod}/${container}`;
  const used = new Map(
    metrics.flatMap(({ metadata, containers }) =>
      containers.map(({ name, usage }) => [
        key(metadata.namespace, metadata.name, name),
        { cpu: measuredCpu(usage.cpu), memory: bytesOf(usage.memory) },
      ]),
    ),
  );
  return components.flatMap((component) =>
    podsOfComponent(config, component, pods).flatMap(({ metadata, spec }) =>
      spec.containers.map(({ name, resources }) => {
        const own = used.get(key(metadata.namespace, metadata.name, name));
        return {
          component: component.name,
          pod: metadata.name,
          container: name,
          ...(own ? { used: own } : {}),
          request: amountsOf(resources.requests),
          limit: amountsOf(resources.limits),
        };
      }),
    ),
  );
}

export interface ComponentUsage extends Pick<UsageRow, 'component' | 'used' | 'request' | 'limit'> {
  readonly pods: number;
}

/** Sums the rows of each component; `used` is undefined when a container was not measured. */
export function byComponent(rows: readonly UsageRow[]): readonly ComponentUsage[] {
  return [...new Set(rows.map(({ component }) => component))].map((component) => {
    const own = rows.filter((row) => row.component === component);
    const used = own.flatMap((row) => row.used ?? []);
    return {
      component,
      pods: new Set(own.map(({ pod }) => pod)).size,
      ...(used.length === own.length ? { used: sum(used) } : {}),
      request: sum(own.map(({ request }) => request)),
      limit: sum(own.map(({ limit }) => limit)),
    };
  });
}

export const node = z.looseObject({
  metadata: z.looseObject({ name: z.string() }),
  status: z.looseObject({ allocatable: z.record(z.string(), z.string()) }),
});

export interface NodeRow {
  readonly node: string;
  readonly allocatable: Amounts;
  /** Sum of the requests of all pods on the node, the platform's and others'. */
  readonly requested: Amounts;
}

/** Requests of a pod: its containers together, or its largest init container when that is more. */
function reserved({ spec }: LivePod): Amounts {
  const containers = sum(spec.containers.map(({ resources }) => amountsOf(resources.requests)));
  const first = spec.initContainers.map(({ resources }) => amountsOf(resources.requests));
  return {
    cpu: Math.max(containers.cpu, ...first.map(({ cpu }) => cpu)),
    memory: Math.max(containers.memory, ...first.map(({ memory }) => memory)),
  };
}

/** @param pods pods of every namespace. */
export const nodeRows = (
  nodes: readonly z.output<typeof node>[],
  pods: readonly LivePod[],
): readonly NodeRow[] =>
  nodes.map(({ metadata, status }) => ({
    node: metadata.name,
    allocatable: amountsOf(status.allocatable),
    requested: sum(
      pods
        .filter(({ spec }) => spec.nodeName === metadata.name)
        .filter(({ status: { phase } }) => phase === 'Running' || phase === 'Pending')
        .map(reserved),
    ),
  }));

/** `37 %`; empty when the whole is 0. */
export const percent = (part: number, whole: number): string =>
  whole === 0 ? '' : `${Math.round((part / whole) * 100)} %`;
