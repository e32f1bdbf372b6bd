/** Real lines become documents the index template has a type for. */
import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { beforeAll, describe, expect, it } from 'vitest';
import { root } from '../support/objects.ts';
import { faults } from './conform.ts';
import { type Document, type Filter, type Line, loadFilter, READ_AT } from './filter.ts';

let filter: Filter;
beforeAll(async () => {
  filter = await loadFilter();
});

const SAMPLES = root('test/logging/samples/');
const lines = (text: string, container: string): Line[] =>
  text
    .trimEnd()
    .split('\n')
    .map((message) => ({ message, container }));
const samples = (container: string): Line[] =>
  lines(readFileSync(`${SAMPLES}${container}.log`, 'utf8'), container);
const only = (documents: readonly Document[], field: string, value: unknown): Document => {
  const found = documents.find((document) => document[field] === value);
  if (!found) throw new Error(`no document whose ${field} is ${JSON.stringify(value)}`);
  return found;
};

/** What the loggers of the services really print, secrets among it. */
const PRINTED = {
  python: () =>
    execFileSync(root('.venv/bin/python'), [root('test/logging/lines.py')], {
      encoding: 'utf8',
      env: { PYTHONPATH: root('services/common') },
    }),
  deno: () =>
    execFileSync(
      root('node_modules/.bin/deno'),
      ['run', '--no-lock', '--no-check', root('test/logging/lines.mjs')],
      { encoding: 'utf8' },
    ),
} as const;

describe('lines of a running cluster (scripts/log-samples.ts)', () => {
  const files = readdirSync(SAMPLES).map((file) => file.replace('.log', ''));

  it('are there for every kind of container', () => {
    const services = [
      'api-gateway',
      'ai-assistant',
      'onec-integration',
      'user-management',
      'analytics',
      'security',
    ];
    expect(files).toEqual(
      expect.arrayContaining([...services, 'migrate', 'postgresql', 'redis', 'exporter', 'traefik']),
    );
  });
  it.each(files)('%s: every field is mapped, every value of its type', (container) => {
    const documents = filter.lines(samples(container));
    expect(documents.length).toBeGreaterThan(0);
    for (const document of documents) {
      expect(faults(document), JSON.stringify(document)).toEqual([]);
      expect(document).toMatchObject({ component: container, stream: 'stdout' });
      expect(document.level).toMatch(/^(debug|info|warning|error|critical)$/);
      expect(document.message).not.toBe('');
    }
  });
  it.each(['api-gateway', 'ai-assistant', 'user-management', 'security', 'migrate'])(
    '%s: nothing is left over',
    (container) => {
      expect(filter.lines(samples(container)).filter(({ extra }) => extra)).toEqual([]);
    },
  );
  it('have the time of the line, not of its reading', () => {
    for (const container of ['ai-assistant', 'api-gateway', 'redis', 'traefik']) {
      const documents = filter.lines(samples(container));
      expect(documents.filter((document) => document['@timestamp'] !== READ_AT).length).toBeGreaterThan(0);
    }
  });
  it('of the edge have the same names as those of the services', () => {
    const documents = filter.lines(samples('traefik'));
    expect(documents.filter(({ method, extra }) => method && extra)).toEqual([]);
    expect(only(documents, 'method', 'POST')).toMatchObject({
      status: expect.any(Number),
      duration_ms: expect.any(Number),
      client: expect.any(String),
      path: expect.stringMatching(/^\//),
      router: expect.any(String),
      entry_point: 'websecure',
      request_id: expect.stringMatching(/^[0-9a-f]{32}$/),
      message: expect.stringMatching(/^POST \/\S* \d{3}$/),
    });
  });
  it('of PostgreSQL and Redis have level and words', () => {
    const postgres = filter.lines(samples('postgresql'));
    expect(only(postgres, 'message', 'database system is ready to accept connections').level).toBe('info');
    const redis = filter.lines(samples('redis'));
    expect(only(redis, 'message', 'Ready to accept connections')).toMatchObject({ level: 'info' });
  });
});

describe('what the loggers print now', () => {
  it('Python: an access line, a fault, secrets, an unknown field', () => {
    const documents = filter.lines(lines(PRINTED.python(), 'ai-assistant'));
    expect(documents.flatMap((document) => faults(document))).toEqual([]);
    expect(documents[0]).toMatchObject({
      service: 'ai-assistant',
      request_id: '4c2f7f6b54f6467b9c5b6d7e8f901234',
      trace_id: '0af7651916cd43dd8448eb211c80319c',
      status: 200,
      duration_ms: 12.5,
      client: '192.0.2.7',
    });
    expect(documents[1]).toMatchObject({
      level: 'error',
      provider_status: 401,
      exception: expect.stringMatching(/^Traceback[\s\S]*ValueError: no such user: \[e-mail\]$/),
    });
    expect(documents[2]).toMatchObject({
      message: 'sent Authorization: ***',
      usage: { tokens: 7 },
      model: 'gpt-5.5',
    });
    expect(documents[3]).toMatchObject({ extra: { 'novelty.depth': [1, 2], attempt: 'many' } });
    expect(documents[3]).not.toHaveProperty('attempt');
  });
  it('Deno: an access line and a fault', () => {
    const documents = filter.lines(lines(PRINTED.deno(), 'api-gateway'));
    expect(documents.flatMap((document) => faults(document))).toEqual([]);
    expect(documents[0]).toMatchObject({
      path: '/api/ai/chat?token=***',
      status: 502,
      client: '2001:db8::7',
    });
    expect(documents[1]).toMatchObject({
      error: 'TypeError: failed: Error: redis://***@redis:6379',
      exception: expect.stringContaining('TypeError: failed'),
    });
  });
});

describe('lines of programs that do not run in the lab, by their documentation', () => {
  it.each([
    [
      'Elasticsearch, Filebeat (ECS)',
      'elasticsearch',
      '{"@timestamp":"2026-11-25T10:00:00.123Z","log.level":"WARN","message":"high disk","ecs.version":"1.2.0","service.name":"ES_ECS","log.logger":"org.elasticsearch.Monitor"}',
      { level: 'warning', message: 'high disk', logger: 'org.elasticsearch.Monitor', service: 'ES_ECS' },
    ],
    [
      'Kibana (ECS, nested)',
      'kibana',
      '{"@timestamp":"2026-11-25T10:00:00.123+00:00","log":{"level":"FATAL","logger":"root"},"message":"gone","process":{"pid":7}}',
      { level: 'critical', logger: 'root', extra: { 'process.pid': 7 } },
    ],
    [
      'Logstash (log4j)',
      'logstash',
      '{"level":"INFO","loggerName":"logstash.runner","timeMillis":1764064800123,"thread":"main","logEvent":{"message":"Starting","version":"8.19.21"}}',
      {
        level: 'info',
        logger: 'logstash.runner',
        message: 'Starting',
        '@timestamp': '2025-11-25T10:00:00.123Z',
      },
    ],
    [
      'kube-state-metrics (klog)',
      'kube-state-metrics',
      'W1125 10:00:00.123456       1 server.go:218] no pods',
      { level: 'warning', logger: 'server.go:218', message: 'no pods' },
    ],
  ])('%s', (_, container, message, expected) => {
    const [document] = filter.lines([{ message, container }]);
    expect(faults(document)).toEqual([]);
    expect(document).toMatchObject(expected);
  });
});

describe('where a line comes from', () => {
  it.each([
    ['postgres-security-0', 'exporter', 'postgres-security'],
    ['security-7db967b7fd-tq95g', 'security', 'security'],
    ['backup-security-29401335-x2x8p', 'job', 'backup-security'],
    ['traefik-5469949d7c-g7k8k', 'traefik', 'traefik'],
    ['filebeat-x7k2p', 'filebeat', 'filebeat'],
    ['logging-setup-0a1b2c3d-abcde', 'setup', 'logging-setup'],
    ['prometheus-assistants-0', 'config-reloader', 'prometheus'],
    ['somebody-elses-pod', 'main', 'main'],
  ])('%s/%s is of %s', (pod, container, component) => {
    const [document] = filter.lines([{ message: 'x', container, pod }]);
    expect(document).toMatchObject({
      component,
      kubernetes: {
        namespace: 'assistants',
        pod: { name: pod, uid: expect.stringMatching(/^[0-9a-f-]{36}$/) },
        container: { name: container },
        node: { name: 'node-1' },
      },
    });
  });
});

describe('lines that are not as they should be', () => {
  const one = (message: string): Document => filter.lines([{ message, container: 'analytics' }])[0] ?? {};
  it.each([
    ['broken JSON', '{"level": "info", '],
    ['JSON that is no object', '[1, 2]'],
    ['an empty object', '{}'],
    ['a number too large', '{"status": 1e400, "count": 99999999999999999999999, "message": "x"}'],
    ['a field as an object', '{"path": {"a": 1}, "status": {"code": 5}, "message": "x"}'],
    ['a time that is none', '{"timestamp": "yesterday", "message": "x"}'],
    ['names with dots and brackets', '{"a.b": {"c[0]": 1}, "[x]": 2, "message": "x"}'],
  ])('%s: is kept and conforms', (_, line) => {
    const document = one(line);
    expect(faults(document)).toEqual([]);
    expect(document).toMatchObject({ component: 'analytics', level: 'info', '@timestamp': READ_AT });
    expect(document).toHaveProperty('message');
  });
  it('without a word are dropped', () => {
    expect(filter.lines([{ message: '  ', container: 'analytics' }])).toEqual([]);
  });
  it('a fault of the filter leaves where the line was, and no word of it', async () => {
    const broken = await loadFilter();
    broken.ruby('def typed(_fields) = raise(KeyError, "hunter2")');
    const [document] = broken.lines([{ message: 'password hunter2', container: 'analytics' }]);
    expect(document).toMatchObject({
      level: 'error',
      message: 'a line could not be read: KeyError',
      component: 'analytics',
    });
    expect(JSON.stringify(document)).not.toContain('hunter2');
  });
  it.each(['192.0.2.7', '0.0.0.0', '2001:db8::7', '::1', '::', '1:2:3:4:5:6:7:8'])(
    '%s is an address',
    (client) => {
      expect(one(JSON.stringify({ message: 'x', client }))).toMatchObject({ client });
    },
  );
  it.each(['192.0.2', '192.0.2.256', '1.2.3.4.5', '1::2::3', '1:2:3', ':', '12345::', 'example'])(
    '%s is none',
    (client) => {
      expect(one(JSON.stringify({ message: 'x', client }))).toMatchObject({ extra: { client } });
    },
  );
  it('what Filebeat and Logstash add is gone', () => {
    const document = one('x');
    for (const name of ['@version', 'tags']) expect(document).not.toHaveProperty(name);
  });
});
