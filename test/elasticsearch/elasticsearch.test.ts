/**
 * A real node of Elasticsearch, from Maven Central, without the parts that only the image has (lifecycle, security,
 * `constant_keyword`). The node gets the platform's template with `dynamic: strict`, so that it refuses a document with
 * one unknown field or one value of another type. Needs JDK 17 or later and Maven; listens only on 127.0.0.1.
 */
import { spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { IMAGES } from '../../charts/config/versions.ts';
import { indexTemplate, SEARCHES, setupFiles } from '../../charts/logging/documents.ts';
import { type LogSearch, searchBody } from '../../ops/core/logs.ts';
import { loadFilter } from '../logging/filter.ts';
import { configOf, root } from '../support/objects.ts';

const VERSION = IMAGES.elasticsearch.split(':')[1] ?? '';
const CACHE = root(`.cache/elasticsearch-${VERSION}`);
/** A user other than root, because the node refuses to run as root. */
const UNPRIVILEGED = 65_534;
const config = configOf('production', [
  { logging: { snapshots: { bucket: 'logs' } }, egress: { 'object-store': { cidrs: ['192.0.2.1/32'] } } },
]);

function run(command: string, args: readonly string[], user?: number): string {
  const options = {
    encoding: 'utf8',
    maxBuffer: 2 ** 26,
    ...(user ? { uid: user, gid: user } : {}),
  } as const;
  const { status, stdout, stderr, error } = spawnSync(command, args, options);
  if (error) throw new Error(`${command} is needed for this test: ${error.message}`);
  if (status !== 0) throw new Error(`${command}: ${stdout.slice(-6000)}\n${stderr.slice(-3000)}`);
  return stdout;
}

/** The template as strict as it gets, without what this node does not know. */
function strictTemplate(): string {
  const text = JSON.stringify(indexTemplate());
  const strict = [
    ['"index.lifecycle.name":"assistants-logs",', ''],
    ['"index.mapping.ignore_malformed":true,', ''],
    ['"dynamic":false', '"dynamic":"strict"'],
  ] as const;
  return strict
    .reduce((result, [from, to]) => {
      expect(result).toContain(from);
      return result.replace(from, to);
    }, text)
    .replaceAll('constant_keyword', 'keyword');
}

/** Lines that are hard to store, with odd names and values. */
const ODD = [
  '{"status": 1e400, "count": 99999999999999999999999, "message": "x", "big": 99999999999999999999999}',
  '{"path": {"a": 1}, "usage": [{"a": 1}, {"b": {"c": 2}}], "message": "x"}',
  '{"a.b": {"c[0]": 1}, "[x]": 2, "": 3, "a..b": 4, ".": 5, "message": "y"}',
  '{"client": "192.0.2", "duration_ms": "soon", "errors": ["a", {"b": 1}], "message": "z"}',
];

async function documents(): Promise<string> {
  const filter = await loadFilter();
  const folder = root('test/logging/samples/');
  const lines = readdirSync(folder).flatMap((file) =>
    readFileSync(`${folder}${file}`, 'utf8')
      .trimEnd()
      .split('\n')
      .map((message) => ({ message, container: file.replace('.log', '') })),
  );
  const odd = ODD.map((message) => ({ message, container: 'analytics' }));
  return filter
    .lines([...lines, ...odd])
    .map((document) => JSON.stringify(document))
    .join('\n');
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
const queryOf = (search: LogSearch): unknown => JSON.parse(JSON.stringify(searchBody(search))).query;

describe(`Elasticsearch ${VERSION}`, () => {
  const folder = mkdtempSync(join(tmpdir(), 'elasticsearch-'));
  let results: readonly string[] = [];

  beforeAll(async () => {
    const [input, classes, work] = ['input', 'classes', 'work'].map((name) => join(folder, name));
    if (!input || !classes || !work) throw new Error('no folders');
    for (const path of [input, classes, work]) mkdirSync(path);
    for (const [name, text] of Object.entries(setupFiles(config))) writeFileSync(join(input, name), text);
    writeFileSync(join(input, 'template.json'), strictTemplate());
    writeFileSync(join(input, 'documents.ndjson'), await documents());
    writeFileSync(join(input, 'searches.txt'), SEARCHES.map(({ query }) => asQueryString(query)).join('\n'));
    writeFileSync(join(input, 'bodies.ndjson'), ASKED.map((one) => JSON.stringify(queryOf(one))).join('\n'));

    const pom = root('test/elasticsearch/pom.xml');
    const libraries = join(CACHE, 'lib');
    run('mvn', [
      '--quiet',
      '--batch-mode',
      `--file=${pom}`,
      `-Delasticsearch.version=${VERSION}`,
      `-DoutputDirectory=${libraries}`,
      'dependency:copy-dependencies',
    ]);
    // The other user reads copies, because it may have no access to this checkout.
    const copies = join(folder, 'lib');
    run('cp', ['-R', libraries, copies]);
    const source = root('test/elasticsearch/java/LoggingTests.java');
    run('javac', ['-nowarn', '-cp', `${copies}/*`, '-d', classes, source]);
    run('chmod', ['-R', 'a+rX', folder]);
    chmodSync(work, 0o777);
    const java = [
      '-ea',
      '-Xmx1g',
      `-Djava.io.tmpdir=${work}`,
      `-Dinput=${input}`,
      '-Dtests.security.manager=false',
      '-Djava.security.manager=allow',
      '-Dtests.gradle=false',
      '--add-opens=java.base/java.util=ALL-UNNAMED',
      '-cp',
      `${classes}:${copies}/*`,
      'org.junit.runner.JUnitCore',
      'LoggingTests',
    ];
    const output = run('java', java, process.getuid?.() === 0 ? UNPRIVILEGED : undefined);
    results = output.split('\n').flatMap((line) => /^RESULT (.*)/.exec(line)?.[1] ?? []);
    for (const result of results) console.info(result);
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it('stores every document', () => {
    const [, stored = '0'] =
      /^documents (\d+) refused 0$/.exec(results.join('\n').match(/^documents .*$/m)?.[0] ?? '') ?? [];
    expect(Number(stored)).toBeGreaterThan(90);
  });
  it('answers the saved searches', () => {
    const found = results.flatMap((line) => /^search (\d+) (.*)/.exec(line)?.slice(1) ?? []);
    expect(found.length / 2).toBe(SEARCHES.length);
    // Lines of the lab have requests, audit entries and databases at least.
    for (const part of ['request_id', 'component:security', 'postgres'])
      expect(results.join('\n')).toMatch(new RegExp(`^search [1-9]\\d* .*${part}`, 'm'));
  });
  it('answers what logs --search asks', () => {
    const found = results.flatMap((line) => /^body (\d+) /.exec(line)?.[1] ?? []).map(Number);
    expect(found).toHaveLength(ASKED.length);
    for (const [index, { found: bounds, query }] of ASKED.entries()) {
      expect(found[index], query).toBeGreaterThanOrEqual(bounds[0]);
      expect(found[index], query).toBeLessThanOrEqual(bounds[1]);
    }
  });
  it('reads lifecycle, roles and snapshot policy', () => {
    expect(results).toEqual(
      expect.arrayContaining(['lifecycle 30d', 'role logs-assistants-*', 'snapshots 0 30 1 * * ?']),
    );
  });
});
