/** Lines of pods' logs: parsed, filtered, sorted and formatted for people. */
import { z } from 'zod';

export interface LogSearch {
  /** Words and `field:value` in Elasticsearch's query_string syntax; a line must match all. */
  readonly query: string;
  /** Only these components. @default all */
  readonly components: readonly string[];
  /** @default any request */
  readonly requestId?: string;
  /** Largest age of a line, such as 10m. @default any */
  readonly since?: string;
  /** Most lines, the newest first. Elasticsearch allows 10,000 (index.max_result_window). */
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

/** Fields the prefix shows, or that are equal on every line. */
const SHIPPED_FIELDS = new Set([
  '@timestamp',
  'component',
  'kubernetes',
  'data_stream',
  'environment',
  'stream',
]);

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
          Object.fromEntries(Object.entries(document).filter(([name]) => !SHIPPED_FIELDS.has(name))),
        ),
      },
    ])
    .toReversed();

export interface LogLine {
  /** When the container wrote it, RFC 3339 with nanoseconds. */
  readonly time: string;
  readonly pod: string;
  readonly container: string;
  /** The line as the container wrote it. */
  readonly text: string;
}

/** A line of `kubectl logs --prefix --timestamps`; undefined for any other, such as a note of kubectl. */
export function parseLogLine(line: string): LogLine | undefined {
  const [, pod, container, time, text] =
    /^\[pod\/([^/\]]+)\/([^\]]+)\] (\d{4}-\d\d-\d\dT\S+) ?(.*)$/s.exec(line) ?? [];
  if (pod === undefined || container === undefined || time === undefined) return undefined;
  return { time, pod, container, text: text ?? '' };
}

type Fields = Readonly<Record<string, unknown>>;

/** The fields of a JSON line; undefined for plain text. */
export function fieldsOf(text: string): Fields | undefined {
  if (!text.startsWith('{')) return undefined;
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? { ...value } : undefined;
  } catch {
    return undefined;
  }
}

/** Whether a line is about a request: a field is its id, or the text contains the id as a word. */
export function isAbout(requestId: string, text: string): boolean {
  const fields = fieldsOf(text);
  if (fields) return Object.values(fields).includes(requestId);
  return text.split(/[^\w.-]+/).includes(requestId);
}

/** By time of writing. Nanoseconds may lack trailing zeros, which does not change the order of the text. */
export const byTime = (a: LogLine, b: LogLine): number => (a.time < b.time ? -1 : Number(a.time > b.time));

/** The parts of a line. */
export interface Said {
  readonly level: string;
  readonly message: string;
  /** Other fields worth reading, in the order of the line. */
  readonly details: readonly (readonly [name: string, value: string])[];
}

/** Fields the prefix or the line's own time already shows. */
const LINE_FIELDS = new Set([
  'timestamp',
  'time',
  'level',
  'message',
  'msg',
  'logger',
  'service',
  'version',
  'trace_id',
]);

const text = (value: unknown): string => (typeof value === 'string' ? value : JSON.stringify(value));

/** The parts of a JSON line; plain text is all message. */
export function said(line: string): Said {
  const fields = fieldsOf(line);
  if (!fields) return { level: '', message: line, details: [] };
  if ('RequestMethod' in fields) return edgeAccess(fields);
  return {
    level: text(fields.level ?? ''),
    message: text(fields.message ?? fields.msg ?? ''),
    details: Object.entries(fields)
      .filter(([name, value]) => !LINE_FIELDS.has(name) && value !== null && value !== undefined)
      .map(([name, value]) => [name, text(value)]),
  };
}

/** The edge's access log has its own format, with some forty fields. */
function edgeAccess(fields: Fields): Said {
  const id = fields['downstream_X-Request-Id'];
  return {
    level: text(fields.level ?? ''),
    message: 'request served',
    details: [
      ...(id === undefined ? [] : [['request_id', text(id)] as const]),
      ['method', text(fields.RequestMethod)],
      ['path', text(fields.RequestPath)],
      ['status', text(fields.DownstreamStatus)],
      // Traefik writes durations in nanoseconds.
      ['duration_ms', (Number(fields.Duration) / 1e6).toFixed(3)],
      ['client', text(fields.ClientHost)],
    ],
  };
}
