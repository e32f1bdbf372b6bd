/**
 * TLS, users, their least privilege, the keystore and the set-up job, on Elasticsearch's own server with its own security.
 * Lifecycles and snapshot policies are read and authorized, not carried out: those modules are in the image only.
 */
import { request as plainRequest } from 'node:http';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { READER_ROLE, setupFiles, WRITER_ROLE } from '../../charts/logging/documents.ts';
import { configOf } from '../support/objects.ts';
import { type Passwords, passwordsOf } from './pod.ts';
import { type Answer, type Body, issueCertificate, Server } from './server.ts';

const STREAM = 'logs-assistants-production';
const OTHER = 'logs-other-production';
const LINE = { '@timestamp': '2026-11-25T12:00:00.000Z', message: 'a line', component: 'redis' };
const loginsOf = (passwords: Passwords) => ({
  admin: `elastic:${passwords.elastic}`,
  kibana: `kibana_system:${passwords.kibana_system}`,
  writer: `logstash_writer:${passwords.logstash_writer}`,
  reader: `log_reader:${passwords.log_reader}`,
});
const PASSWORDS = passwordsOf('first');
const { admin, kibana, writer, reader } = loginsOf(PASSWORDS);

let server: Server;
let first: Awaited<ReturnType<Server['setUp']>>;
beforeAll(async () => {
  server = await Server.start(PASSWORDS);
  first = await server.setUp();
});
afterAll(() => server?.remove());

const json = ({ text }: Answer) => JSON.parse(text);
const statusOf = async (...asked: Parameters<Server['ask']>): Promise<number> =>
  (await server.ask(...asked)).status;
const authenticates = (login?: string): Promise<number> => statusOf(login, 'GET', '/_security/_authenticate');

describe('its door', () => {
  it('speaks nothing but TLS', async () => {
    const outgoing = plainRequest({ host: '127.0.0.1', port: server.port, auth: admin });
    const ended = new Promise((resolve, reject) => {
      outgoing.on('response', resolve);
      outgoing.on('error', reject);
    });
    outgoing.end();
    await expect(ended).rejects.toThrow(/socket hang up|ECONNRESET/);
  });
  it('shows a certificate of the authority that clients are given, in the name of its Service', async () => {
    for (const servername of ['elasticsearch', 'elasticsearch.assistants-logging.svc', 'localhost'])
      expect((await server.call({ path: '/_security/_authenticate', servername })).status).toBe(401);
    await expect(server.call({ path: '/', servername: 'logstash' })).rejects.toThrow(/altnames/);
    const { authority } = await issueCertificate();
    await expect(server.call({ path: '/', ca: authority })).rejects.toThrow(/unable to verify|self.signed/);
  });
  it('opens to no client without a password, and to the superuser with that of the keystore', async () => {
    expect(await authenticates()).toBe(401);
    expect(await authenticates('elastic:changeme')).toBe(401);
    expect(json(await server.ask(admin, 'GET', '/_security/_authenticate'))).toMatchObject({
      roles: ['superuser'],
      authentication_realm: { type: 'reserved' },
    });
  });
  it('needs no licence that is paid for', async () => {
    expect(json(await server.ask(admin, 'GET', '/_license')).license).toMatchObject({
      type: 'basic',
      status: 'active',
    });
  });
});

describe('the set-up job', () => {
  const state = async () => {
    const parts = await Promise.all(
      [
        '/_security/role/logstash_writer,log_reader',
        '/_security/user',
        '/_index_template/assistants-logs',
      ].map((path) => server.ask(admin, 'GET', path)),
    );
    return parts.map(json);
  };
  const requests = (output: string) =>
    [...output.matchAll(/^setup: (?:PUT|POST) https:\/\/localhost:\d+(\S+): (\d+)$/gm)].map(
      ([, path, status]) => [path, status].join(' '),
    );

  it('sends what this server takes', () => {
    expect(first).toEqual({ status: 0, output: expect.stringContaining('setup: done') });
    expect(requests(first.output)).toEqual([
      '/_ilm/policy/assistants-logs 200',
      '/_index_template/assistants-logs 200',
      `/${STREAM}/_rollover?lazy=true 404`,
      '/_security/role/logstash_writer 200',
      '/_security/role/log_reader 200',
      '/_security/user/logstash_writer 200',
      '/_security/user/log_reader 200',
      '/_security/user/kibana_system/_password 200',
      '/api/saved_objects/_import?overwrite=true 200',
      '/api/data_views/default 200',
    ]);
  });
  it('makes the roles of the code and a user for each, with no other role', async () => {
    const [roles, users] = await state();
    expect(roles).toMatchObject({ logstash_writer: WRITER_ROLE, log_reader: READER_ROLE });
    expect(users).toMatchObject({
      logstash_writer: { roles: ['logstash_writer'], enabled: true },
      log_reader: { roles: ['log_reader'], enabled: true },
    });
    for (const login of [kibana, writer, reader]) expect(await authenticates(login)).toBe(200);
  });
  it('changes nothing a second time, over a stream that is there', async () => {
    const created = await server.ask(writer, 'POST', '/_bulk', [{ create: { _index: STREAM } }, LINE]);
    expect(json(created)).toMatchObject({ errors: false });
    const before = await state();
    const { status, output } = await server.setUp();
    expect([status, requests(output)[2]]).toEqual([0, `/${STREAM}/_rollover?lazy=true 200`]);
    expect(await state()).toEqual(before);
  });
  it('and the snapshot policy is one that Elasticsearch can read', async () => {
    const files = setupFiles(
      configOf('production', [
        {
          logging: { snapshots: { bucket: 'logs' } },
          egress: { 'object-store': { cidrs: ['192.0.2.1/32'] } },
        },
      ]),
    );
    const policy = JSON.parse(files['snapshots.json'] ?? '');
    expect(await statusOf(admin, 'PUT', '/_slm/policy/assistants-logs', policy)).toBe(200);
    expect(
      await statusOf(admin, 'PUT', '/_slm/policy/assistants-logs', { ...policy, schedule: 'daily' }),
    ).toBe(400);
    const lifecycle = JSON.parse(files['lifecycle.json'] ?? '');
    lifecycle.policy.phases.cold = { actions: {}, min_age: '1x' };
    expect(await statusOf(admin, 'PUT', '/_ilm/policy/assistants-logs', lifecycle)).toBe(400);
  });
});

interface Asked {
  readonly what: string;
  readonly method: string;
  readonly path: string;
  readonly body?: Body;
}
const put = (what: string, path: string, body: Body): Asked => ({ what, method: 'PUT', path, body });
const get = (what: string, path: string): Asked => ({ what, method: 'GET', path });
const SEARCH = { query: { match_all: {} } };
/** What only the superuser may do, and what the superuser does not do here, because other tests follow. */
const HARMLESS: readonly Asked[] = [
  put('add a user', '/_security/user/another', { password: 'long-enough', roles: ['superuser'] }),
  get('read users', '/_security/user'),
  { what: 'start a new index', method: 'POST', path: `/${STREAM}/_rollover` },
  put('change the settings of an index', `/${STREAM}/_settings`, { 'index.refresh_interval': '1s' }),
  put('change the mapping', `/${STREAM}/_mapping`, { properties: {} }),
  put('change the template', '/_index_template/assistants-logs', { index_patterns: ['logs-assistants-*'] }),
  put('change how long lines live', '/_ilm/policy/assistants-logs', { policy: { phases: {} } }),
  put('change the cluster', '/_cluster/settings', { persistent: { 'cluster.max_shards_per_node': 900 } }),
  put('send lines elsewhere', '/_snapshot/mine', { type: 'url', settings: { url: 'http://192.0.2.1/' } }),
  get('read the lines of others', `/${OTHER}/_search`),
  put('write lines of others', `/${OTHER}/_create/2`, LINE),
  get('read what is beside logs', '/beside/_search'),
];
const HARMFUL: readonly Asked[] = [
  put('change a role', '/_security/role/log_reader', { cluster: ['all'] }),
  put('change the password of another', '/_security/user/elastic/_password', { password: 'long-enough' }),
  { what: 'delete the lines', method: 'DELETE', path: `/${STREAM}` },
];

describe('the least privilege', () => {
  beforeAll(async () => {
    for (const path of [`/${OTHER}/_create/1`, '/beside/_create/1'])
      expect(await statusOf(admin, 'PUT', path, LINE)).toBe(201);
  });

  it.each([...HARMLESS, ...HARMFUL])(
    'of the writer and the reader is too little to $what',
    async ({ method, path, body }) => {
      for (const login of [writer, reader])
        expect(await statusOf(login, method, path, body), login).toBe(403);
    },
  );
  it.each(HARMLESS)('alone keeps them from it: the superuser may $what', async ({ method, path, body }) => {
    // Some of these fail for another reason on this server.
    expect(await statusOf(admin, method, path, body)).not.toBe(403);
  });
  it('of the writer is enough for what Logstash asks', async () => {
    expect(await statusOf(writer, 'GET', '/_license')).toBe(200);
    const actions = await server.ask(writer, 'POST', '/_bulk', [
      { create: { _index: STREAM, _id: 'one' } },
      LINE,
      { create: { _index: 'logs-assistants-staging' } },
      LINE,
    ]);
    expect(json(actions)).toMatchObject({
      errors: false,
      items: [{ create: { status: 201 } }, { create: { status: 201 } }],
    });
  });
  it('of the writer is too little to change or read what is there', async () => {
    const line = [{ create: { _index: STREAM, _id: 'two' } }, LINE];
    const { items } = json(await server.ask(writer, 'POST', '/_bulk', line));
    // A stream takes new documents only; the index behind it would take the others too.
    const { _index } = items[0].create;
    const changes = await server.ask(writer, 'POST', '/_bulk', [
      { update: { _index, _id: 'two' } },
      { doc: { message: 'another' } },
      { delete: { _index, _id: 'two' } },
    ]);
    expect(json(changes).items).toMatchObject([{ update: { status: 403 } }, { delete: { status: 403 } }]);
    for (const path of [
      `/${STREAM}/_search`,
      `/${STREAM}/_count`,
      `/${STREAM}/_mapping`,
      `/${_index}/_doc/two`,
    ])
      expect(await statusOf(writer, 'GET', path), path).toBe(403);
  });
  it('of the reader is enough to search, and to let Kibana show fields', async () => {
    await server.ask(admin, 'POST', `/${STREAM}/_refresh`);
    const found = json(await server.ask(reader, 'POST', `/${STREAM}/_search`, SEARCH));
    expect(found.hits.total.value).toBe(3);
    for (const path of [
      '/logs-assistants-*/_count',
      `/${STREAM}/_mapping`,
      '/logs-assistants-*/_field_caps?fields=*',
    ])
      expect(await statusOf(reader, 'GET', path), path).toBe(200);
    const wanted = [{ application: 'kibana-.kibana', privileges: ['read'], resources: ['*'] }];
    const { has_all_requested: allowed } = json(
      await server.ask(reader, 'POST', '/_security/user/_has_privileges', { application: wanted }),
    );
    expect(allowed).toBe(true);
  });
  it('of the reader is too little to write a line or to look at the cluster', async () => {
    expect(await statusOf(reader, 'POST', '/_bulk', [{ create: { _index: STREAM } }, LINE])).toBe(403);
    for (const path of ['/_cluster/health', '/_nodes', '/_license'])
      expect(await statusOf(reader, 'GET', path), path).toBe(403);
  });
  it("of Kibana's own user is too little to add users", async () => {
    const body = { password: 'long-enough', roles: ['superuser'] };
    expect(await statusOf(kibana, 'PUT', '/_security/user/another', body)).toBe(403);
  });
});

/** These follow each other. */
describe('changed passwords', () => {
  const second = passwordsOf('second');
  const now = loginsOf(second);

  it('of all but the superuser, those people set themselves too, are those of the Secret once the job ran again', async () => {
    // Everybody may change the own one, whatever the role.
    const own = await statusOf(reader, 'PUT', '/_security/user/_password', { password: 'of-my-own' });
    expect([own, await authenticates('log_reader:of-my-own')]).toEqual([200, 200]);
    server.mount({ ...second, elastic: PASSWORDS.elastic });
    expect((await server.setUp()).status).toBe(0);
    expect(await authenticates('log_reader:of-my-own')).toBe(401);
    for (const login of [kibana, writer, reader]) expect(await authenticates(login)).toBe(401);
    for (const login of [now.kibana, now.writer, now.reader]) expect(await authenticates(login)).toBe(200);
  });
  it('of the superuser: the job says that it is not let in', async () => {
    server.mount(second);
    expect(await server.setUp(1)).toEqual({
      status: 1,
      output: expect.stringMatching(/did not answer with 200 within 1 s, but with 401/),
    });
  });
  it('of the superuser is in force once the pod of Elasticsearch came back, over its lines and users', async () => {
    await server.restart();
    expect((await server.setUp()).status).toBe(0);
    expect(await authenticates(admin)).toBe(401);
    expect(await authenticates(now.admin)).toBe(200);
    expect(json(await server.ask(now.reader, 'GET', `/${STREAM}/_count`)).count).toBe(3);
  });
  it('of the superuser: one that Elasticsearch was told itself stands against that of its keystore', async () => {
    const own = 'told-elasticsearch';
    const told = await statusOf(now.admin, 'PUT', '/_security/user/elastic/_password', { password: own });
    expect(told).toBe(200);
    expect([await authenticates(now.admin), await authenticates(`elastic:${own}`)]).toEqual([401, 200]);
    server.mount({ elastic: own });
    expect((await server.setUp()).status).toBe(0);
  });
});
