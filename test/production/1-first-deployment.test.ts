/**
 * The first deployment of production: an empty cluster of two workers, its Secrets, one deploy, a certificate from an ACME
 * authority, a provider's key added later, passwords and keys rotated under load. The files here run in the order of
 * their names on one cluster: the first creates it, the last deletes it.
 *
 *     ./platform build && npm run test:production
 *
 * They also need Go, to build the ACME server and client and to download the definitions of the Gateway API.
 */
import { beforeAll, describe, expect, it } from 'vitest';
import { reachable, startStandIn, stopStandIn } from '../e2e/provider.ts';
import { call, config, eventually, kubectl, NAMESPACE, pause, type Session, signIn } from '../e2e/support.ts';
import { figures, Load } from '../release/load.ts';
import { buildTools, EDGE_HOST, issue, startAuthority } from './edge-acme.ts';
import { ask, failuresOfEdge } from './edge-support.ts';
import { emptyCluster, platform, podsNow, secretValue, secretValues } from './support.ts';

const MINUTES = 60_000;
const REQUESTS = 3_000;
const PROVIDER_KEY = 'key-of-the-provider-0123456789';
const REPLACED_KEY = 'another-key-of-the-provider-456';
const ROTATED = [
  'jwt',
  'redis',
  'audit',
  ...['ai-assistant', 'onec-integration', 'user-management', 'analytics', 'security'].flatMap((service) => [
    `postgres-${service}-app`,
    `postgres-${service}-superuser`,
  ]),
];

let session: Session;
const chat = () => call('/api/ai/chat', { method: 'POST', token: session.token, body: { message: 'Hello' } });

/** Fails when the output of a command contains a value of a Secret. */
function expectNoValue(text: string): void {
  for (const value of secretValues()) expect(text.includes(value)).toBe(false);
}

// Three nodes start at once, so a busy machine needs minutes.
beforeAll(emptyCluster, 15 * MINUTES);

describe('an empty cluster', () => {
  it('is refused by check and deploy, which name what is missing', { timeout: 5 * MINUTES }, async () => {
    const check = await platform(['secrets', 'check']);
    expect(check.exitCode, check.stderr).toBe(1);
    expect(check.stdout).toMatch(/^assistants\/jwt is missing \(JWT_SECRET_KEY\)$/m);
    const deploy = await platform(['deploy'], '--yes');
    expect(deploy.exitCode).toBe(1);
    expect(deploy.stderr).toContain('Secrets: assistants/jwt is missing');
  });

  it('gets its Secrets from one command, twice the same', { timeout: 5 * MINUTES }, async () => {
    const dry = await platform(['secrets', 'create'], '--dry-run');
    expect(dry.stdout, dry.stderr).toMatch(/^\d+ Secrets would be made or completed/m);
    expect(() => kubectl('get', 'namespace', NAMESPACE)).toThrow(/not found/);
    const made = await platform(['secrets', 'create']);
    expect(made.exitCode, made.stderr).toBe(0);
    expectNoValue(made.stdout);
    const before = secretValues();
    expect(before.length).toBeGreaterThan(12);
    const again = await platform(['secrets', 'create']);
    expect(again.stdout, again.stderr).toMatch(/^0 Secrets made or completed/m);
    expect(secretValues()).toEqual(before);
    const check = await platform(['secrets', 'check']);
    expect(check.exitCode, check.stdout).toBe(0);
    console.info(`secrets create: ${made.seconds} s, ${before.length} values`);
  });

  it('is deployed in one call', { timeout: 25 * MINUTES }, async () => {
    const deploy = await platform(['deploy'], '--yes');
    expect(deploy.exitCode, `${deploy.stderr}\n${deploy.stdout}`).toBe(0);
    expectNoValue(deploy.stdout);
    console.info(`deploy of an empty cluster: ${deploy.seconds} s`);
  });

  it('shows the certificate that an ACME authority issued, and serves a user', {
    timeout: 15 * MINUTES,
  }, async () => {
    buildTools();
    startAuthority();
    await issue(EDGE_HOST, config.edge.tlsSecret);
    await eventually(120, async () => {
      const { issuer } = await ask('/auth/none', { host: EDGE_HOST });
      expect(issuer).toMatch(/pebble/i);
    });
    session = await signIn();
    const read = await call(`/api/users/${session.id}`, { token: session.token });
    expect(read.status, read.text).toBe(200);
  });
});

describe('a key of a provider', () => {
  beforeAll(async () => {
    startStandIn(PROVIDER_KEY);
    await eventually(60, reachable);
  }, 5 * MINUTES);

  it('that kubectl adds later is used by the running pods', { timeout: 5 * MINUTES }, async () => {
    const pods = podsNow(NAMESPACE);
    const before = await chat();
    expect(before.status, before.text).toBe(503);
    const began = Date.now();
    const literal = `--from-literal=OPENAI_API_KEY=${PROVIDER_KEY}`;
    kubectl('create', 'secret', 'generic', 'ai-assistant-providers', '-n', NAMESPACE, literal);
    await eventually(180, async () => expect((await chat()).status).toBe(200));
    console.info(`a key added later was used after ${Math.round((Date.now() - began) / 1000)} s`);
    expect(podsNow(NAMESPACE)).toEqual(pods);
  });

  it('is replaced by rotate, from a variable', { timeout: 5 * MINUTES }, async () => {
    stopStandIn();
    startStandIn(REPLACED_KEY);
    await eventually(60, reachable);
    process.env.OPENAI_API_KEY = REPLACED_KEY;
    const rotated = await platform(['secrets', 'rotate'], 'ai-assistant-providers', '--yes');
    delete process.env.OPENAI_API_KEY;
    expect(rotated.exitCode, `${rotated.stderr}\n${rotated.stdout}`).toBe(0);
    expect(`${rotated.stdout}${rotated.stderr}`).not.toContain(REPLACED_KEY);
    const answer = await chat();
    expect(answer.status, answer.text).toBe(200);
  });
});

describe('passwords and keys', () => {
  it('are all replaced under load: no request fails', { timeout: 25 * MINUTES }, async () => {
    const pods = podsNow(NAMESPACE);
    const before = secretValues();
    const token = secretValue(NAMESPACE, 'jwt', 'JWT_SECRET_KEY');
    const load = new Load(session, true);
    await pause(3000);
    const rotated = await platform(['secrets', 'rotate'], ...ROTATED, '--yes');
    await pause(5000);
    const result = await load.stop(REQUESTS);
    console.info(`${ROTATED.length} Secrets rotated in ${rotated.seconds} s; ${figures('load', result)}`);
    expect(rotated.exitCode, `${rotated.stderr}\n${rotated.stdout}`).toBe(0);
    expectNoValue(rotated.stdout);
    expect(result.failures.slice(0, 10)).toEqual([]);
    expect(result.cut, failuresOfEdge(15).join('\n')).toEqual([]);
    expect(podsNow(NAMESPACE)).toEqual(pods);
    for (const value of secretValues()) expect(before).not.toContain(value);
    const keys = secretValue(NAMESPACE, 'jwt', 'JWT_SECRET_KEY').split('\n');
    expect(keys).toHaveLength(2);
    expect(keys[1]).toBe(token);
    expect(secretValue(NAMESPACE, 'redis', 'password').split('\n')).toHaveLength(1);
  });

  it('of before the rotation are refused once it is finished', {
    timeout: 5 * MINUTES,
  }, async () => {
    const old = session.token;
    session = await signIn();
    expect((await call(`/api/users/${session.id}`, { token: session.token })).status).toBe(200);
    const finished = await platform(['secrets', 'rotate'], 'jwt', '--finish', '--yes');
    expect(finished.exitCode, finished.stderr).toBe(0);
    // The gateway caches the result of a token check for a minute.
    await eventually(90, async () =>
      expect((await call('/ai/conversations', { token: old })).status).toBe(401),
    );
    expect((await call('/ai/conversations', { token: session.token })).status).toBe(200);
    const check = await platform(['secrets', 'check']);
    expect(check.exitCode, check.stdout).toBe(0);
  });
});
