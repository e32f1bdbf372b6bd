/** The set-up script, run as it is against a server that speaks TLS and writes down what it is asked. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { topologyOf } from '../../charts/app.ts';
import { SEARCHES, setupFiles } from '../../charts/logging/documents.ts';
import { SECRETS_SCRIPT, SETUP_SCRIPT } from '../../charts/logging/filter-rules.ts';
import { USERS } from '../../charts/logging/names.ts';
import { secretCatalog } from '../../charts/secrets/catalog.ts';
import { secretId } from '../../ops/core/secrets.ts';
import { issueCertificates } from '../../ops/tools/certificates.ts';
import { configOf } from '../support/objects.ts';

const config = configOf('production', [
  {
    logging: { snapshots: { bucket: 'platform-logs' } },
    egress: { 'object-store': { cidrs: ['192.0.2.1/32'] } },
  },
]);
const PASSWORDS = Object.fromEntries(Object.values(USERS).map((name) => [name, `${name}-pass.word_1`]));

interface Asked {
  readonly method: string;
  readonly url: string;
  readonly authorization: string;
  readonly body: string;
}

const folder = mkdtempSync(join(tmpdir(), 'setup-'));
const asked: Asked[] = [];
/** Answers by path; everything else is 200. */
const answers = new Map<
  string,
  (times: number) => { readonly status: number; readonly body?: string; readonly cut?: boolean }
>();
let server: Server;
let url = '';

beforeAll(async () => {
  const entry = secretCatalog(config, topologyOf(config)).find(({ name }) => name === 'elasticsearch-tls');
  const issued = entry && (await issueCertificates([entry])).get(secretId(entry));
  if (!issued) throw new Error('no certificate');
  for (const name of ['setup', 'secrets', 'run']) mkdirSync(join(folder, name));
  const files = { ...setupFiles(config), 'secrets.sh': SECRETS_SCRIPT, 'setup.sh': SETUP_SCRIPT };
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, 'setup', name), text);
  for (const [name, text] of Object.entries(PASSWORDS)) writeFileSync(join(folder, 'secrets', name), text);
  writeFileSync(join(folder, 'ca.crt'), issued.authority);
  server = createServer({ cert: issued.certificate, key: issued.key }, (request, response) => {
    let body = '';
    request.on('data', (chunk: Buffer) => {
      body += chunk.toString();
    });
    request.on('end', () => {
      const { method = '', url: path = '', headers } = request;
      const times = asked.filter((other) => other.url === path).length;
      asked.push({ method, url: path, authorization: headers.authorization ?? '', body });
      const answer = answers.get(path)?.(times) ?? { status: 200 };
      const { status, body: text = '{"success":true}', cut = false } = answer;
      if (!cut) response.writeHead(status).end(text);
      else response.writeHead(status, { 'content-length': 1_000 }).write(text, () => response.destroy());
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  url = `https://localhost:${(server.address() as AddressInfo).port}`;
});
afterAll(() => {
  server.close();
  rmSync(folder, { recursive: true, force: true });
});

async function setUp(overrides: Readonly<Record<string, string>> = {}) {
  asked.length = 0;
  const script = spawn('bash', [join(folder, 'setup', 'setup.sh')], {
    env: {
      PATH: process.env.PATH ?? '',
      SETUP_DIR: join(folder, 'setup'),
      SECRETS_DIR: join(folder, 'secrets'),
      WORK_DIR: join(folder, 'run'),
      CA_FILE: join(folder, 'ca.crt'),
      ELASTICSEARCH_URL: url,
      KIBANA_URL: url,
      WAIT_SECONDS: '20',
      ...overrides,
    },
  });
  let output = '';
  for (const stream of [script.stdout, script.stderr])
    stream.on('data', (chunk: Buffer) => {
      output += chunk.toString();
    });
  const [status]: unknown[] = await once(script, 'close');
  return { status, output };
}

const bodyOf = (part: string): string => asked.find(({ url: path }) => path.includes(part))?.body ?? '';

describe('the set-up', () => {
  it('sends everything once, as the superuser, and names no password', async () => {
    answers.clear();
    const { status, output } = await setUp();
    expect([status, output]).toEqual([0, expect.stringContaining('setup: done')]);
    const changes = asked
      .filter(({ method }) => method !== 'GET')
      .map(({ method, url: path }) => `${method} ${path}`);
    expect(changes).toEqual([
      'PUT /_ilm/policy/assistants-logs',
      'PUT /_index_template/assistants-logs',
      'POST /logs-assistants-production/_rollover?lazy=true',
      'PUT /_security/role/logstash_writer',
      'PUT /_security/role/log_reader',
      'PUT /_security/user/logstash_writer',
      'PUT /_security/user/log_reader',
      'PUT /_security/user/kibana_system/_password',
      'PUT /_snapshot/assistants-logs',
      'PUT /_slm/policy/assistants-logs',
      'POST /api/saved_objects/_import?overwrite=true',
      'POST /api/data_views/default',
    ]);
    const login = `Basic ${Buffer.from(`elastic:${PASSWORDS.elastic}`).toString('base64')}`;
    expect(new Set(asked.map(({ authorization }) => authorization))).toEqual(new Set([login]));
    expect(JSON.parse(bodyOf('user/logstash_writer'))).toEqual({
      password: PASSWORDS.logstash_writer,
      roles: ['logstash_writer'],
    });
    expect(JSON.parse(bodyOf('kibana_system'))).toEqual({ password: PASSWORDS.kibana_system });
    expect(bodyOf('_import').match(/"type":"search"/g)).toHaveLength(SEARCHES.length);
    for (const password of Object.values(PASSWORDS)) expect(output).not.toContain(password);
  });
  it('does the same a second time, over an existing stream or none', async () => {
    answers.set('/logs-assistants-production/_rollover?lazy=true', () => ({ status: 404 }));
    expect((await setUp()).status).toBe(0);
  });
  it('waits for both to be ready', async () => {
    answers.set('/api/status', (times) => ({ status: times < 1 ? 503 : 200 }));
    expect((await setUp()).status).toBe(0);
    expect(asked.filter(({ url: path }) => path === '/api/status')).toHaveLength(2);
  });
  it.each([
    [
      'a refused request',
      '/_index_template/assistants-logs',
      { status: 400, body: '{"error":"bad"}' },
      'status 400, expected 200: {"error":"bad"}',
    ],
    [
      'an import that left something out',
      '/api/saved_objects/_import?overwrite=true',
      { status: 200, body: '{"success":false}' },
      'not everything was taken',
    ],
    [
      'an answer that was cut off',
      '/_index_template/assistants-logs',
      { status: 200, cut: true },
      'status none (curl failed with 18), expected 200: {"success":true}',
    ],
  ])('%s ends it with what was said', async (_, path, answer, message) => {
    answers.clear();
    answers.set(path, () => answer);
    const { status, output } = await setUp();
    expect([status, output]).toEqual([1, expect.stringContaining(message)]);
    expect(output).not.toContain('setup: done');
  });
  it('a server that is not there, or has a certificate of another, ends it after a while', async () => {
    answers.clear();
    const gone = await setUp({ ELASTICSEARCH_URL: 'https://localhost:1', WAIT_SECONDS: '1' });
    expect([gone.status, gone.output]).toEqual([
      1,
      expect.stringContaining('did not answer with 200 within 1 s'),
    ]);
    const entry = secretCatalog(config, topologyOf(config)).filter(({ certificate }) => certificate);
    const [other] = (await issueCertificates(entry)).values();
    writeFileSync(join(folder, 'other.crt'), other?.authority ?? '');
    const refused = await setUp({ CA_FILE: join(folder, 'other.crt'), WAIT_SECONDS: '1' });
    expect(refused.status).toBe(1);
    expect(asked).toEqual([]);
  });
  it('a password that would need quoting is refused, without a word of it', async () => {
    writeFileSync(join(folder, 'secrets', 'logstash_writer'), 'quote"inside');
    const { status, output } = await setUp();
    expect([status, output]).toEqual([
      1,
      expect.stringContaining('secret logstash_writer: is empty or has a character'),
    ]);
    expect(output).not.toContain('inside');
    writeFileSync(join(folder, 'secrets', 'logstash_writer'), 'fine');
  });
  it('asks nothing without a password to log in with', async () => {
    const file = join(folder, 'secrets', 'elastic');
    rmSync(file);
    const { status, output } = await setUp();
    writeFileSync(file, PASSWORDS.elastic ?? '');
    expect([status, output]).toEqual([1, expect.stringContaining(`${file}: No such file`)]);
    expect(asked).toEqual([]);
  });
  it('leaves nothing readable by others', () => {
    const files = readdirSync(join(folder, 'run')).sort();
    expect(files).toEqual(['answer', 'body', 'login']);
    for (const file of files) expect(statSync(join(folder, 'run', file)).mode & 0o077).toBe(0);
  });
});
