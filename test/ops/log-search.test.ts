/** `logs --search`: what it asks, and what it makes of answers of a TLS server with a certificate of ours. */
import { once } from 'node:events';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { foundLines, searchAnswer, searchBody } from '../../ops/core/logs.ts';
import { elasticsearchCertificate } from '../support/certificates.ts';
import { output, useFakeTools } from '../support/command.ts';
import { LOG_STORE_KUBECTL, type LogStore, leadTo } from '../support/log-store.ts';
import { configOf } from '../support/objects.ts';

const config = configOf('dev', [{ logging: { enabled: true } }]);
const ON = ['--set', 'logging.enabled=true'];

const hit = (second: number, component: string, more: object = {}) => ({
  _source: {
    '@timestamp': `2026-01-01T00:00:0${second}.000Z`,
    component,
    environment: 'dev',
    level: 'error',
    message: `line ${second}`,
    kubernetes: { pod: { name: `${component}-1` }, container: { name: component } },
    ...more,
  },
});
const ANSWER = {
  hits: { total: { value: 7 }, hits: [hit(2, 'security', { request_id: 'r-1' }), hit(1, 'api-gateway')] },
};

describe('a search', () => {
  it('asks for what it is told only', () => {
    expect(searchBody({ query: 'timeout', components: [], lines: 5 })).toMatchObject({
      size: 5,
      sort: [{ '@timestamp': 'desc' }],
      query: { bool: { filter: [{ query_string: { query: 'timeout', default_operator: 'AND' } }] } },
    });
  });
  it('narrows by component, request and time', () => {
    const body = searchBody({ query: 'x', components: ['redis'], requestId: 'r', since: '2d', lines: 1 });
    expect(body).toMatchObject({
      query: {
        bool: {
          filter: [
            { query_string: { query: 'x' } },
            { terms: { component: ['redis'] } },
            { term: { request_id: 'r' } },
            { range: { '@timestamp': { gte: 'now-2d' } } },
          ],
        },
      },
    });
  });
  it('gives lines in the order they were written', () => {
    expect(foundLines(searchAnswer.parse(ANSWER))).toEqual([
      [
        'api-gateway',
        expect.objectContaining({ pod: 'api-gateway-1', text: '{"level":"error","message":"line 1"}' }),
      ],
      ['security', expect.objectContaining({ time: '2026-01-01T00:00:02.000Z' })],
    ]);
  });
});

describe('with a log store', () => {
  let server: Server;
  let asked: { readonly url: string; readonly user: string; readonly body: string } | undefined;
  let answer: readonly [status: number, body: object] = [200, ANSWER];

  let store: LogStore;
  beforeAll(async () => {
    const { authority, certificate, key } = await elasticsearchCertificate(config);
    server = createServer({ cert: certificate, key }, (request, response) => {
      const parts: Buffer[] = [];
      request.on('data', (part: Buffer) => parts.push(part));
      request.on('end', () => {
        const user = Buffer.from(request.headers.authorization?.slice(6) ?? '', 'base64').toString();
        asked = { url: request.url ?? '', user, body: Buffer.concat(parts).toString() };
        response.statusCode = answer[0];
        response.end(JSON.stringify(answer[1]));
      });
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    store = { port: (server.address() as AddressInfo).port, authority, password: 'secret' };
    leadTo(store);
  });
  afterAll(() => {
    server.close();
    vi.unstubAllEnvs();
  });
  beforeEach(() => {
    asked = undefined;
    answer = [200, ANSWER];
  });
  useFakeTools({ kubectl: LOG_STORE_KUBECTL });

  it('shows lines for people, as the user who only reads', async () => {
    const text = await output('logs', 'security', '--search', 'level:error', '--since', '2d', ...ON);
    const [first, second, last] = text.trimEnd().split('\n');
    expect(first).toMatch(/api-gateway .*00:00:01.*ERROR +line 1$/);
    expect(second).toMatch(/security .*ERROR +line 2 .*request_id=.*r-1/);
    expect(last).toBe('2 of 7 lines, the newest');
    expect(asked).toMatchObject({ url: '/logs-assistants-dev/_search', user: 'log_reader:secret' });
    expect(JSON.parse(asked?.body ?? '')).toMatchObject({ size: 100 });
    expect(asked?.body).toContain('"terms":{"component":["security"]}');
  });
  it('gives one object a line to scripts', async () => {
    const lines = (await output('logs', '--search', 'x', '--json', ...ON)).trimEnd().split('\n');
    expect(lines.map((one) => JSON.parse(one))).toMatchObject([
      { component: 'api-gateway', record: { message: 'line 1' } },
      { component: 'security', record: { request_id: 'r-1' } },
    ]);
  });
  it('says what the store says of a query it cannot read', async () => {
    const reason = 'Failed to parse query [level:]';
    answer = [400, { error: { reason: 'all shards failed', root_cause: [{ reason }] } }];
    await expect(output('logs', '--search', 'level:', ...ON)).rejects.toThrow(
      `logs: --search "level:" cannot be read (${reason}); expected words and field:value`,
    );
  });
  it('says that the store refused', async () => {
    answer = [401, { error: { reason: 'unable to authenticate', root_cause: [] } }];
    await expect(output('logs', '--search', 'x', ...ON)).rejects.toThrow(
      'elasticsearch: 401 unable to authenticate',
    );
  });
  it('trusts no other authority', async () => {
    const { authority } = await elasticsearchCertificate(config);
    leadTo({ ...store, authority });
    try {
      await expect(output('logs', '--search', 'x', ...ON)).rejects.toThrow(/^elasticsearch: no answer \(/);
      expect(asked).toBeUndefined();
    } finally {
      leadTo(store);
    }
  });
});

describe('logs --search', () => {
  it.each([
    [['--search', 'x'], 'logs: logging.enabled is false, so there is no log store to --search; without it'],
    [['--search', ' ', ...ON], 'logs: --search "" asks for nothing'],
    [['--search', 'x', '--follow', ...ON], 'logs: --search finds what was written, --follow waits'],
    [['--search', 'x', '--tail', '20000', ...ON], 'logs: --tail 20000 is not possible with --search'],
    [['secruity', '--search', 'x', ...ON], 'logs: "secruity" is not known'],
  ])('%j is refused', async (args, message) => {
    await expect(output('logs', ...args)).rejects.toThrow(message);
  });
});
