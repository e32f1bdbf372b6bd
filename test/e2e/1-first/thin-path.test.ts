/** A user's first steps through the Ingress over TLS: register, log in, read the account. */
import { get } from 'node:http';
import { describe, expect, it } from 'vitest';
import { corsOrigins } from '../../../charts/edge/names.ts';
import {
  call,
  config,
  kubectlJson,
  NAMESPACE,
  newEmail,
  PASSWORD,
  patiently,
  pause,
  signIn,
  topology,
} from '../support.ts';

interface PodList {
  readonly items: readonly {
    readonly metadata: { readonly name: string; readonly labels: Readonly<Record<string, string>> };
    readonly spec: {
      readonly securityContext: { readonly runAsUser: number };
      readonly containers: readonly {
        readonly securityContext: { readonly readOnlyRootFilesystem: boolean };
      }[];
    };
    readonly status: { readonly conditions: readonly { readonly type: string; readonly status: string }[] };
  }[];
}

const codes: Record<string, number> = {};

describe('register → log in → read the user', () => {
  it('directly: 201, 200, 200; no token 401; a wrong password 401', async () => {
    const email = newEmail();
    const registered = await patiently('/auth/register', { email, password: PASSWORD });
    expect(registered.status, registered.text).toBe(201);
    const login = await patiently('/auth/login', { email, password: PASSWORD });
    expect(login.status, login.text).toBe(200);
    const { access_token: token, user_id: id } = JSON.parse(login.text);
    const read = await call(`/api/users/${id}`, { token });
    expect(read.status, read.text).toBe(200);
    expect(JSON.parse(read.text)).toMatchObject({ id, email });
    const anonymous = await call(`/api/users/${id}`);
    const wrong = await patiently('/auth/login', { email, password: 'wrong password here' });
    Object.assign(codes, {
      register: registered.status,
      login: login.status,
      read: read.status,
      'no token': anonymous.status,
      'wrong password': wrong.status,
    });
    expect(anonymous.status).toBe(401);
    expect(wrong.status).toBe(401);
    console.info(JSON.stringify(codes));
  });

  it('through the gateway, and a stranger sees nothing', async () => {
    const email = newEmail();
    const registered = await patiently('/api/users/auth/register', { email, password: PASSWORD });
    expect(registered.status, registered.text).toBe(201);
    const login = await patiently('/api/users/auth/login', { email, password: PASSWORD });
    expect(login.status, login.text).toBe(200);
    const stranger = await signIn();
    const read = await call(`/api/users/${JSON.parse(login.text).user_id}`, { token: stranger.token });
    expect(read.status).toBe(403);
  });

  it('a forged token is refused', async () => {
    const part = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');
    const forged = `${part({ alg: 'none', typ: 'JWT' })}.${part({ sub: 'x', role: 'admin' })}.`;
    expect((await call('/api/users/00000000-0000-0000-0000-000000000000', { token: forged })).status).toBe(
      401,
    );
  });
});

describe('the pages for browsers', () => {
  it('come through the edge with the policy of the gateway, said once, and are kept', async () => {
    for (const path of ['/', '/docs', '/docs/examples']) {
      const { status, headers } = await call(path, { headers: { 'accept-encoding': 'br' } });
      expect([path, status, headers['content-encoding']]).toEqual([path, 200, 'br']);
      expect(headers['content-type']).toBe('text/html; charset=utf-8');
      const policy = String(headers['content-security-policy']);
      expect(policy).toMatch(/^default-src 'none'; script-src 'self'; style-src 'self';/);
      expect(policy).not.toMatch(/unsafe|https?:|, default-src/);
      expect(policy).toContain("frame-ancestors 'none'");
      expect([headers['x-frame-options'], headers['x-content-type-options']]).toEqual(['DENY', 'nosniff']);
      expect(headers['referrer-policy']).toBe('no-referrer');
      expect(headers['strict-transport-security']).toMatch(/^max-age=\d+/);
      const again = await call(path, { headers: { 'if-none-match': String(headers.etag) } });
      expect([path, again.status, again.text]).toEqual([path, 304, '']);
    }
  });
  it('load what they name, and nothing from elsewhere', async () => {
    const { text } = await call('/docs');
    const files = [...text.matchAll(/(?:src|href)="([^"]*\/assets\/[^"]*)"/g)].map(([, file = '']) => file);
    expect(files.length).toBeGreaterThanOrEqual(2);
    for (const file of files) {
      const { status, headers } = await call(file);
      expect([file, status, headers['cache-control']]).toEqual([
        file,
        200,
        'public, max-age=31536000, immutable',
      ]);
    }
  });
  it('describe the API of every service', async () => {
    const { status, text } = await call('/openapi.json');
    expect(status).toBe(200);
    expect(JSON.parse(text)).toMatchObject({ openapi: '3.1.0', 'x-unavailable-services': [] });
  });
  it('are all there is besides the routes', async () => {
    for (const path of ['/elsewhere', '/assets/none-ABCDEFGH.js', '/metrics', '/live', '/health'])
      expect([path, (await call(path)).status]).toEqual([path, 404]);
  });
});

describe('the edge', () => {
  it('sets the security headers and returns the request id', async () => {
    const { headers } = await call('/api/users/none', { headers: { 'x-request-id': 'e2e-request-0001' } });
    expect(headers).toMatchObject({
      'x-frame-options': 'DENY',
      'x-content-type-options': 'nosniff',
      'referrer-policy': 'strict-origin-when-cross-origin',
      'x-request-id': 'e2e-request-0001',
    });
    expect(headers['strict-transport-security']).toContain('max-age=31536000');
    expect(headers['content-security-policy']).toContain("default-src 'self'");
  });
  it('redirects HTTP to HTTPS', async () => {
    const answer = await new Promise<{ status: number | undefined; location: string | undefined }>(
      (resolve, reject) => {
        get(
          { host: '127.0.0.1', port: config.edge.httpPort, path: '/api/x', headers: { host: 'localhost' } },
          (r) => {
            r.resume();
            resolve({ status: r.statusCode, location: r.headers.location });
          },
        ).on('error', reject);
      },
    );
    expect(answer.status).toBeGreaterThanOrEqual(301);
    expect(answer.status).toBeLessThanOrEqual(308);
    expect(answer.location).toBe('https://localhost/api/x');
  });
  it('answers a browser of an allowed origin only', async () => {
    const preflight = (origin: string) =>
      call('/api/users/x', {
        method: 'OPTIONS',
        headers: { origin, 'access-control-request-method': 'GET' },
      });
    const [allowed = ''] = corsOrigins(config);
    expect((await preflight(allowed)).headers['access-control-allow-origin']).toBe(allowed);
    expect((await preflight('https://evil.example')).headers['access-control-allow-origin']).toBeUndefined();
  });
  it('refuses a body above 100 MiB', async () => {
    const answer = await call('/security/audit/log', {
      method: 'POST',
      headers: {
        'content-length': String(config.edge.maxBodyMiB * 2 ** 20 + 1),
        'content-type': 'application/json',
      },
      body: {},
    }).catch((error: Error) => ({ status: error.message }));
    expect(answer.status).toBe(413);
  });
  it('limits logins of one address: more than 10 in a minute give 429', async () => {
    // The bucket of five is full again after 30 s at ten a minute.
    await pause(31_000);
    const answers: number[] = [];
    for (let attempt = 0; attempt < 14; attempt++)
      answers.push(
        (await call('/auth/login', { method: 'POST', body: { email: newEmail(), password: 'x'.repeat(12) } }))
          .status,
      );
    console.info(`14 logins: ${answers.join(' ')}`);
    const passed = answers.filter((status) => status === 401).length;
    const limited = answers.filter((status) => status === 429).length;
    expect(answers[0]).toBe(401);
    expect(passed).toBeLessThanOrEqual(10);
    expect(limited).toBeGreaterThanOrEqual(4);
    expect(passed + limited).toBe(answers.length);
  });
});

describe('pods', () => {
  it('of services run as 1001 with a read-only root in a restricted namespace, all ready', () => {
    const pods = kubectlJson(
      'get',
      'pods',
      '-n',
      NAMESPACE,
      '-l',
      'app.kubernetes.io/component=service',
    ) as PodList;
    expect(pods.items.length).toBeGreaterThanOrEqual(topology.services.length);
    for (const { metadata, spec, status } of pods.items) {
      expect(spec.securityContext.runAsUser, metadata.name).toBe(1001);
      for (const container of spec.containers)
        expect(container.securityContext.readOnlyRootFilesystem, metadata.name).toBe(true);
      expect(status.conditions.find(({ type }) => type === 'Ready')?.status, metadata.name).toBe('True');
    }
    const namespace = kubectlJson('get', 'namespace', NAMESPACE) as PodList['items'][number];
    expect(namespace.metadata.labels['pod-security.kubernetes.io/enforce']).toBe('restricted');
  });
});
