/** A working day on the platform, through the Ingress: chat, 1C, reports, and an administrator who looks after it. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { GATEWAY } from '../../../charts/graph/model.ts';
import { startProvider, stopProvider } from '../provider.ts';
import {
  call,
  eventually,
  kubectl,
  NAMESPACE,
  newEmail,
  type Session,
  signInAsAdmin,
  signInAsAnalyst,
} from '../support.ts';

let user: Session;
let admin: Session;

beforeAll(async () => {
  await startProvider();
  admin = await signInAsAdmin();
  // Only analysts may copy data from 1C.
  user = await signInAsAnalyst(admin);
});
afterAll(stopProvider);

const get = (path: string, { token }: Session) => call(path, { token });
const post = (path: string, body: unknown, { token }: Session) => call(path, { method: 'POST', body, token });

/** Events of an answer of Server-Sent Events, by name. */
const eventsOf = (text: string): readonly { readonly event: string; readonly data: string }[] =>
  [...text.matchAll(/^event: (\w+)\ndata: (.*)$/gm)].map(([, event = '', data = '']) => ({ event, data }));

describe('a user', () => {
  it('chats, and the answer is streamed in pieces through edge and gateway', async () => {
    const message = 'Как провести документ из кода? Answer in many small pieces, please.';
    const answer = await post('/api/ai/chat', { message, stream: true }, user);
    expect(answer.status, answer.text).toBe(200);
    expect(answer.headers['content-type']).toContain('text/event-stream');
    const events = eventsOf(answer.text);
    const pieces = events.filter(({ event }) => event === 'delta').map(({ data }) => JSON.parse(data).text);
    expect(pieces.join('')).toBe(message);
    expect(pieces.length).toBeGreaterThan(3);
    expect(events.at(-1)?.event).toBe('done');
    console.info(`chat: ${pieces.length} pieces`);
  });
  it('goes on with the conversation, which no other user sees', async () => {
    const first = await post('/api/ai/chat', { message: 'one' }, user);
    const { conversation_id: id } = JSON.parse(first.text);
    const second = await post('/api/ai/chat', { message: 'two', conversation_id: id }, user);
    expect(second.status, second.text).toBe(200);
    const conversation = await get(`/api/ai/conversations/${id}`, user);
    expect(conversation.text).toContain('one');
    expect((await get(`/api/ai/conversations/${id}`, admin)).status).toBe(404);
  });
  it('synchronizes companies from 1C', async () => {
    const started = await post('/api/1c/sync/data', { entity_sets: ['Catalog_Организации'] }, user);
    expect(started.status, started.text).toBe(202);
    const { job_id: id } = JSON.parse(started.text);
    const job = await eventually(60, async () => {
      const found = JSON.parse((await get(`/api/1c/sync/${id}`, user)).text);
      expect(found.status).toBe('completed');
      return found;
    });
    console.info(`sync: ${JSON.stringify(job).slice(0, 300)}`);
    const companies = await get('/api/1c/companies', user);
    expect(companies.status, companies.text).toBe(200);
    expect(JSON.parse(companies.text).items.length).toBeGreaterThan(0);
  });
  it('sees the report of what was synchronized', async () => {
    const report = await get('/api/1c/reports/companies', user);
    expect(report.status, report.text).toBe(200);
    expect(JSON.parse(report.text).rows.items.length).toBeGreaterThan(0);
  });
  it('sees the tokens of the chat in a usage report, and takes it home as a workbook', async () => {
    const report = await eventually(30, async () => {
      const answer = await post('/api/analytics/reports/generate', { kind: 'usage', format: 'json' }, user);
      expect(answer.status, answer.text).toBeLessThan(300);
      const body = JSON.parse(answer.text);
      expect(body.rows.length, answer.text).toBeGreaterThan(0);
      return body;
    });
    console.info(`usage: ${JSON.stringify(report.rows)}`);
    const workbook = await call(`/api/analytics/reports/${report.id}?format=xlsx`, { token: user.token });
    expect(workbook.status).toBe(200);
    expect(workbook.headers['content-type']).toContain('spreadsheetml');
  });
  it('sees the dashboard as a page with charts', async () => {
    const page = await call('/api/analytics/dashboards/overview', {
      token: user.token,
      headers: { accept: 'text/html' },
    });
    expect(page.status, page.text).toBe(200);
    expect(page.headers['content-type']).toContain('text/html');
    expect(page.text).toContain('<svg');
  });
});

describe('an administrator', () => {
  it('sees that the audit chain verifies', async () => {
    const answer = await eventually(30, async () => {
      const found = await get('/api/security/audit/verify', admin);
      expect(JSON.parse(found.text).entries, found.text).toBeGreaterThan(0);
      return found;
    });
    expect(answer.status, answer.text).toBe(200);
    expect(JSON.parse(answer.text)).toMatchObject({ valid: true });
    console.info(`audit: ${answer.text}`);
    expect((await get('/api/security/audit/verify', user)).status).toBe(403);
  });
  it('sees an alert after somebody guessed passwords', async () => {
    const email = newEmail();
    for (let guess = 0; guess < 6; guess++) {
      const password = `not the password ${guess}`;
      const refused = await eventually(70, async () => {
        const answer = await call('/api/users/auth/login', { method: 'POST', body: { email, password } });
        expect(answer.status).toBe(401);
        return answer;
      });
      expect(refused.status).toBe(401);
    }
    const alert = await eventually(60, async () => {
      const { text } = await get('/api/security/alerts?kind=brute_force', admin);
      const [first] = JSON.parse(text).items;
      expect(first, text).toBeDefined();
      return first;
    });
    expect(alert.state).toBe('open');
    console.info(`alert: ${JSON.stringify(alert)}`);
  });
});

describe('one request id', () => {
  it("is found in the edge's, the gateway's, the service's and the simulator's logs", async () => {
    const id = `journey-${Date.now()}`;
    const answer = await call('/api/1c/sync/data', {
      method: 'POST',
      body: { entity_sets: ['Catalog_Организации'] },
      token: user.token,
      headers: { 'x-request-id': id },
    });
    expect(answer.status, answer.text).toBe(202);
    const logs: readonly (readonly [string, string])[] = [
      ['assistants-edge', 'traefik'],
      [NAMESPACE, GATEWAY],
      [NAMESPACE, 'onec-integration'],
      [NAMESPACE, 'onec-simulator'],
    ];
    for (const [namespace, component] of logs)
      await eventually(20, () => {
        const log = kubectl('logs', '-n', namespace, `deployment/${component}`, '--since=60s');
        const line = log.split('\n').find((text) => text.includes(id));
        expect(line, component).toBeDefined();
        console.info(`${component}: ${line?.slice(0, 400)}`);
      });
  });
});
