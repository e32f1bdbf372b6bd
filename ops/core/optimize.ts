/** What containers reserve, against what they were seen to use. */
import type { Amounts, UsageRow } from './usage.ts';

/** Added to the most that was seen, for what was not. */
const HEADROOM = 1.3;
/** No request is suggested to shrink below that: it would save nothing worth a change. */
const LEAST: Amounts = { cpu: 10, memory: 32 * 2 ** 20 };
/** A request is left alone while it is within this factor of the suggestion. */
const TOLERANCE = 1.5;

export interface Suggestion {
  readonly component: string;
  readonly container: string;
  readonly samples: number;
  readonly mean: Amounts;
  readonly peak: Amounts;
  readonly request: Amounts;
  readonly limit: Amounts;
  /** The request that suits what was seen; the present one when it is near enough. */
  readonly suggested: Amounts;
  /** Use came near the limit. */
  readonly tight: readonly ('cpu' | 'memory')[];
}

const KINDS = ['cpu', 'memory'] as const;
/** Share of the limit from which on it is tight: memory beyond it is an out-of-memory kill. */
const TIGHT = 0.9;

const most = (values: readonly number[]): number => Math.max(0, ...values);
const mean = (values: readonly number[]): number =>
  values.length === 0 ? 0 : values.reduce((a, b) => a + b, 0) / values.length;
const each = (make: (kind: 'cpu' | 'memory') => number): Amounts => ({
  cpu: make('cpu'),
  memory: make('memory'),
});

/** One suggestion for each container of each component, pods of one component taken together. */
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
