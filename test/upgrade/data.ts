/** Something in each of the five databases, written and read by the API, as users do. */
import { expect } from 'vitest';
import { call, eventually, logIn, type Session, signInAsAdmin, signInAsAnalyst } from '../e2e/support.ts';

export interface Written {
  readonly email: string;
  readonly conversation: string;
  readonly message: string;
  readonly sync: string;
  readonly report: string;
  /** Entries of the audit chain. */
  readonly audited: number;
}

const json = (text: string) => JSON.parse(text);
const get = async (path: string, { token }: Session, status = 200) => {
  const answer = await call(path, { token });
  expect(answer.status, `${path}: ${answer.text}`).toBe(status);
  return json(answer.text);
};
const post = async (path: string, body: unknown, { token }: Session) => {
  const answer = await call(path, { method: 'POST', body, token });
  expect([200, 201, 202], `${path}: ${answer.text}`).toContain(answer.status);
  return json(answer.text);
};

/** @param message what the user asks the assistant. */
export async function write(message: string): Promise<Written> {
  const admin = await signInAsAdmin();
  const user = await signInAsAnalyst(admin);
  const { conversation_id: conversation } = await post('/api/ai/chat', { message }, user);
  const { job_id: sync } = await post('/api/1c/sync/data', { entity_sets: ['Catalog_Организации'] }, user);
  await eventually(90, async () =>
    expect((await get(`/api/1c/sync/${sync}`, user)).status).toBe('completed'),
  );
  const report = await eventually(60, async () => {
    const made = await post('/api/analytics/reports/generate', { kind: 'usage', format: 'json' }, user);
    expect(made.rows.length).toBeGreaterThan(0);
    return made.id;
  });
  const { entries: audited } = await get('/api/security/audit/verify', admin);
  return { email: user.email, conversation, message, sync, report, audited };
}

/** Expects all of it, read with a new login. */
export async function expectThere(written: Written): Promise<void> {
  const user = await logIn(written.email);
  const conversation = await get(`/api/ai/conversations/${written.conversation}`, user);
  expect(JSON.stringify(conversation)).toContain(written.message);
  expect((await get(`/api/1c/sync/${written.sync}`, user)).status).toBe('completed');
  expect((await get('/api/1c/companies', user)).items.length).toBeGreaterThan(0);
  expect((await get(`/api/analytics/reports/${written.report}`, user)).rows.length).toBeGreaterThan(0);
  const admin = await signInAsAdmin();
  // While Redis takes longer than a second, the end of the log is not confirmed. Damage stays.
  await eventually(60, async () => {
    const chain = await get('/api/security/audit/verify', admin);
    expect(chain.valid, JSON.stringify(chain)).toBe(true);
    expect(chain.entries).toBeGreaterThanOrEqual(written.audited);
  });
}
