/** What is asked of Elasticsearch for `logs --search`, and lines of its answer. */
import { z } from 'zod';
import type { LogLine } from './log-lines.ts';

export interface LogSearch {
  /** Words and `field:value`, as Elasticsearch's query_string takes them; all must fit. */
  readonly query: string;
  /** Of these components only. @default all */
  readonly components: readonly string[];
  /** @default any request */
  readonly requestId?: string;
  /** Not older than that, such as 10m. @default as old as there is */
  readonly since?: string;
  /** At most so many, the newest. Elasticsearch gives 10,000 at most (index.max_result_window). */
  readonly lines: number;
}

export const MOST_LINES = 10_000;

/** The body of `_search`. */
export const searchBody = ({ query, components, requestId, since, lines }: LogSearch): object => ({
  size: lines,
  sort: [{ '@timestamp': 'desc' }],
  track_total_hits: true,
  query: {
    bool: {
      filter: [
        { query_string: { query, default_operator: 'AND' } },
        ...(components.length > 0 ? [{ terms: { component: components } }] : []),
        ...(requestId === undefined ? [] : [{ term: { request_id: requestId } }]),
        ...(since === undefined ? [] : [{ range: { '@timestamp': { gte: `now-${since}` } } }]),
      ],
    },
  },
});

const kubernetes = z.looseObject({
  pod: z.looseObject({ name: z.string() }).optional(),
  container: z.looseObject({ name: z.string() }).optional(),
});
const source = z.looseObject({
  '@timestamp': z.string(),
  component: z.string().default(''),
  kubernetes: kubernetes.default({}),
});

export const searchAnswer = z.looseObject({
  hits: z.looseObject({
    total: z.looseObject({ value: z.number() }),
    hits: z.array(z.looseObject({ _source: source })),
  }),
});
export type SearchAnswer = z.output<typeof searchAnswer>;

/** What is said by the prefix, or is the same on every line. */
const KNOWN = new Set(['@timestamp', 'component', 'kubernetes', 'data_stream', 'environment', 'stream']);

/** The lines in the order they were written, each with its component. */
export const foundLines = ({ hits }: SearchAnswer): readonly (readonly [component: string, LogLine])[] =>
  hits.hits
    .map(({ _source: document }): readonly [string, LogLine] => [
      document.component,
      {
        time: document['@timestamp'],
        pod: document.kubernetes.pod?.name ?? '',
        container: document.kubernetes.container?.name ?? '',
        text: JSON.stringify(
          Object.fromEntries(Object.entries(document).filter(([name]) => !KNOWN.has(name))),
        ),
      },
    ])
    .toReversed();
