/**
 * Documents of real lines and searches for them, as the users who send them. A stream of the platform's template with
 * `dynamic: strict` refuses a document with one unknown field or one value of another type.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { indexTemplate, SEARCHES } from '../../charts/logging/documents.ts';
import { type LogSearch, searchBody } from '../../ops/core/logs.ts';
import { loadFilter } from '../logging/filter.ts';
import { output, useFakeTools } from '../support/command.ts';
import { LOG_STORE_KUBECTL, leadTo } from '../support/log-store.ts';
import { root } from '../support/objects.ts';
import { passwordsOf } from './pod.ts';
import { Server } from './server.ts';

const STRICT = 'logs-assistants-strict';
const PASSWORDS = passwordsOf('pass.word_1');
const WRITER = `logstash_writer:${PASSWORDS.logstash_writer}`;
const READER = `log_reader:${PASSWORDS.log_reader}`;

/** The platform's template for a stream of its own, as strict as it gets. */
function strictTemplate(): Readonly<Record<string, unknown>> {
  const text = JSON.stringify(indexTemplate());
  const strict = [
    ['"logs-assistants-*"', `"${STRICT}"`],
    ['"priority":500', '"priority":501'],
    ['"index.mapping.ignore_malformed":true,', ''],
    ['"dynamic":false', '"dynamic":"strict"'],
  ] as const;
  return JSON.parse(
    strict.reduce((result, [from, to]) => {
      expect(result).toContain(from);
      return result.replace(from, to);
    }, text),
  );
}

/** Lines that are hard to store, with odd names and values. */
const ODD = [
  '{"status": 1e400, "count": 99999999999999999999999, "message": "x", "big": 99999999999999999999999}',
  '{"path": {"a": 1}, "usage": [{"a": 1}, {"b": {"c": 2}}], "message": "x"}',
  '{"a.b": {"c[0]": 1}, "[x]": 2, "": 3, "a..b": 4, ".": 5, "message": "y"}',
  '{"client": "192.0.2", "duration_ms": "soon", "errors": ["a", {"b": 1}], "message": "z"}',
];

async function documents(): Promise<readonly Readonly<Record<string, unknown>>[]> {
  const filter = await loadFilter();
  const folder = root('test/logging/samples/');
  const lines = readdirSync(folder).flatMap((file) =>
    readFileSync(`${folder}${file}`, 'utf8')
      .trimEnd()
      .split('\n')
      .map((message) => ({ message, container: file.replace('.log', '') })),
  );
  return filter.lines([...lines, ...ODD.map((message) => ({ message, container: 'analytics' }))]);
}

/** Kibana's language is not that of the node, but what our searches use of it differs in capitals and comparisons only. */
const asQueryString = (query: string): string =>
  query
    .replaceAll(/\b(and|or)\b/g, (word) => word.toUpperCase())
    .replaceAll(/ ([<>]=?) (\d)/g, ':$1$2')
    .replaceAll(': ', ':');

/** Queries of `logs --search`, with the least and the most matching lines. */
const ASKED: readonly (LogSearch & { readonly found: readonly [least: number, most: number] })[] = [
  { query: 'request_id:*', components: [], lines: 1, found: [10, 99] },
  { query: 'request_id:*', components: ['security'], lines: 1, found: [1, 20] },
  { query: 'request_id:*', components: ['security'], requestId: 'none', lines: 1, found: [0, 0] },
  { query: 'status:>=400 OR level:error', components: [], since: '3650d', lines: 1, found: [1, 60] },
  { query: 'request_id:*', components: [], since: '1m', lines: 1, found: [0, 0] },
];

let server: Server;
let sent = 0;
let answered: { readonly items: readonly { readonly create: { readonly status: number } }[] };
beforeAll(async () => {
  server = await Server.start(PASSWORDS);
  expect(await server.setUp()).toMatchObject({ status: 0 });
  const admin = `elastic:${PASSWORDS.elastic}`;
  const template = await server.ask(admin, 'PUT', '/_index_template/strict', strictTemplate());
  expect(template.status, template.text).toBe(200);
  const lines = await documents();
  sent = lines.length;
  for (const stream of [STRICT, 'logs-assistants-production']) {
    const body = lines.flatMap((line) => [{ create: { _index: stream } }, line]);
    const answer = await server.ask(WRITER, 'POST', '/_bulk', body);
    if (stream === STRICT) answered = JSON.parse(answer.text);
  }
  expect((await server.ask(admin, 'POST', '/logs-assistants-*/_refresh')).status).toBe(200);
});
afterAll(() => server?.remove());

async function found(body: object): Promise<number> {
  const { status, text } = await server.ask(READER, 'POST', `/${STRICT}/_search`, { ...body });
  expect(status, text).toBe(200);
  return JSON.parse(text).hits.total.value;
}

describe('documents', () => {
  it('are stored, every one, by a template that lets nothing unknown through', () => {
    expect(sent).toBeGreaterThan(90);
    const refused = answered.items.filter(({ create }) => create.status !== 201);
    expect(refused).toEqual([]);
    expect(answered.items).toHaveLength(sent);
  });
  it('with a value of another type are refused by it', async () => {
    const odd = { '@timestamp': '2026-11-25T12:00:00.000Z', status: 'soon' };
    const body = [
      { create: { _index: STRICT } },
      odd,
      { create: { _index: STRICT } },
      { ...odd, status: 1, x: 1 },
    ];
    const { items } = JSON.parse((await server.ask(WRITER, 'POST', '/_bulk', body)).text);
    expect(items).toMatchObject([{ create: { status: 400 } }, { create: { status: 400 } }]);
  });
});

describe('searches', () => {
  it.each(SEARCHES)('of Kibana are answered: $title', async ({ query }) => {
    const lines = await found({ query: { query_string: { query: asQueryString(query) } } });
    // Lines of the lab have requests, audit entries and databases at least.
    expect(lines).toBeGreaterThanOrEqual(/request_id|component: security|postgres/.test(query) ? 1 : 0);
  });
  it.each(ASKED)('of logs --search are answered: $query, $components', async (search) => {
    const lines = await found(searchBody(search));
    expect(lines).toBeGreaterThanOrEqual(search.found[0]);
    expect(lines).toBeLessThanOrEqual(search.found[1]);
  });
});

describe('logs --search', () => {
  beforeAll(() => {
    leadTo({ port: server.port, authority: server.issued.authority, password: PASSWORDS.log_reader });
  });
  afterAll(() => vi.unstubAllEnvs());
  useFakeTools({ kubectl: LOG_STORE_KUBECTL });
  const on = ['--env', 'production', '--context', 'somewhere'];

  it('shows lines of a component', async () => {
    const lines = (await output('logs', 'security', '--search', 'request_id:*', '--json', ...on))
      .trimEnd()
      .split('\n');
    expect(lines.length).toBeGreaterThan(0);
    for (const line of lines) expect(JSON.parse(line)).toMatchObject({ component: 'security' });
  });
  it('says what Elasticsearch says of a query that it cannot read', async () => {
    await expect(output('logs', '--search', 'level:', ...on)).rejects.toThrow(
      /cannot be read \(Failed to parse query/,
    );
  });
});
