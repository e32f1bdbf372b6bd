/** What pods use, as the metrics server measured it, beside what they reserve and may take. */
import { z } from 'zod';
import { bytesOf, millicores } from '../../charts/config/quantity.ts';
import type { Config } from '../../charts/config/schema.ts';
import type { Component } from '../../charts/graph/model.ts';
import { type LivePod, podsOfComponent } from './components.ts';

export const podMetrics = z.looseObject({
  metadata: z.looseObject({ name: z.string(), namespace: z.string() }),
  /** When it was measured, and over which time before. */
  timestamp: z.string(),
  window: z.string(),
  containers: z.array(
    z.looseObject({ name: z.string(), usage: z.looseObject({ cpu: z.string(), memory: z.string() }) }),
  ),
});
export type PodMetrics = z.output<typeof podMetrics>;

/** Millicores or bytes. */
export interface Amounts {
  readonly cpu: number;
  readonly memory: number;
}

export interface UsageRow {
  readonly component: string;
  readonly pod: string;
  readonly container: string;
  /** Nothing when the metrics server has not seen the container yet. */
  readonly used?: Amounts;
  readonly request: Amounts;
  readonly limit: Amounts;
}

const CPU_UNITS: Readonly<Record<string, number>> = { n: 1e-6, u: 1e-3 };

/** Millicores of a measured quantity, which may be in billionths of a core. */
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

/** One row a container, in the order of the components. */
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

/** Rows of each component put together; `used` is missing when a container of it was not measured. */
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
  /** Of every pod on it, the platform's and others'. */
  readonly requested: Amounts;
}

/** What a pod reserves: its containers together, or its greediest init container when that is more. */
function reserved({ spec }: LivePod): Amounts {
  const containers = sum(spec.containers.map(({ resources }) => amountsOf(resources.requests)));
  const first = spec.initContainers.map(({ resources }) => amountsOf(resources.requests));
  return {
    cpu: Math.max(containers.cpu, ...first.map(({ cpu }) => cpu)),
    memory: Math.max(containers.memory, ...first.map(({ memory }) => memory)),
  };
}

/** @param pods of every namespace. */
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

/** `37 %`, or nothing of nothing. */
export const percent = (part: number, whole: number): string =>
  whole === 0 ? '' : `${Math.round((part / whole) * 100)} %`;
