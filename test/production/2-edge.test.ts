/**
 * The edge of production: renewed certificates, proxies in front, slow uploads and long streams during its rollout, then
 * a foreign Ingress controller and Gateway in its place. It uses the cluster as the first file leaves it.
 */
import { describe, expect, it } from 'vitest';
import { namespaceOf } from '../../charts/constructs/names.ts';
import { apply, config, eventually, kubectl, kubectlJson, NAMESPACE } from '../e2e/support.ts';
import { EDGE_HOST as HOST, issue, pod, service } from './edge-acme.ts';
import {
  CLASS,
  GATEWAY,
  installGatewayApi,
  LABELS,
  makeGateway,
  openForeignController,
  startForeignController,
} from './edge-foreign.ts';
import { ask, inPod, journey, OUTSIDE, redeploy } from './edge-support.ts';

const MINUTES = 60_000;
const EDGE_NAMESPACE = namespaceOf(config, 'edge');
const SECRET = config.edge.tlsSecret;

const edgePods = (): readonly string[] =>
  (
    kubectlJson('get', 'pods', '-n', EDGE_NAMESPACE) as { items: readonly { metadata: { uid: string } }[] }
  ).items.map(({ metadata }) => metadata.uid);

const shown = (): Promise<string> =>
  eventually(120, async () => {
    const { issuer = '', serial = '' } = await ask('/auth/none', { host: HOST });
    if (!/pebble/i.test(issuer)) throw new Error(`the certificate is of ${issuer}`);
    return serial;
  });

describe('the certificate', { timeout: 5 * MINUTES }, () => {
  it('is renewed, and shown by the same pods', async () => {
    const first = await shown();
    const pods = edgePods();
    await issue(HOST, SECRET);
    await eventually(120, async () => {
      const serial = await shown();
      if (serial === first) throw new Error('still the first one');
    });
    expect(edgePods()).toEqual(pods);
  });

  it('is the only thing that is asked for over HTTP: the rest is sent to HTTPS', async () => {
    for (const path of ['/', '/api/ai/models', '/.well-known/acme-challenge/none', '/.well-known/other']) {
      const { status, headers } = await ask(path, { secure: false });
      expect([path, status, headers.location]).toEqual([path, 301, `https://localhost${path}`]);
    }
  });
});

describe('the client behind a proxy', { timeout: 5 * MINUTES }, () => {
  const program = (port: number) => `
import collections, http.client, json, ssl
context = ssl._create_unverified_context()
def codes(path, addresses):
    seen = collections.Counter()
    for address in addresses:
        c = http.client.HTTPSConnection('${HOST}', ${port}, context=context, timeout=30)
        c.request('POST', path, '{"refresh_token": "none"}', {'Content-Type': 'application/json', 'X-Forwarded-For': address})
        seen[str(c.getresponse().status)] += 1
        c.close()
    return seen
many = [f'203.0.113.{n}' for n in range(50) for _ in range(4)]
print(json.dumps({path: [codes(path, many), codes(path, ['198.51.100.1'] * 40)] for path in ('/auth/refresh', '/api/users/auth/refresh')}))
`;

  it('has a limit of its own: fifty people behind one trusted proxy', () => {
    const said = JSON.parse(inPod(OUTSIDE, 'client', 'python', '-c', program(443)));
    for (const [path, [many, one]] of Object.entries<[Record<string, number>, Record<string, number>]>(
      said,
    )) {
      expect([path, many['429'] ?? 0]).toEqual([path, 0]);
      expect([path, (one['429'] ?? 0) > 0]).toEqual([path, true]);
    }
  });

  it('is the address that connects, whatever an untrusted X-Forwarded-For says', async () => {
    for (const path of ['/auth/refresh', '/api/users/auth/refresh']) {
      const statuses: number[] = [];
      for (let n = 0; n < 40; n++) {
        const headers = { 'x-forwarded-for': `203.0.113.${n}, 10.244.0.${n}`, 'x-real-ip': `203.0.113.${n}` };
        const { status } = await ask(path, { method: 'POST', headers, body: { refresh_token: 'none' } });
        statuses.push(status);
      }
      expect([path, statuses.filter((status) => status === 429).length > 20]).toEqual([path, true]);
    }
  });
});

describe('what takes long', { timeout: 8 * MINUTES }, () => {
  const STREAM = 105;
  const UPLOAD = 130;
  const NAME = 'slow-service';
  const labels = { 'app.kubernetes.io/name': NAME };
  const PORT = 8099;
  const SLOW = `
import http.server, time
class Slow(http.server.BaseHTTPRequestHandler):
    protocol_version = 'HTTP/1.1'
    def do_GET(self):
        self.send_response(200)
        self.send_header('content-type', 'text/event-stream')
        self.send_header('transfer-encoding', 'chunked')
        self.end_headers()
        for n in range(${STREAM}):
            event = f'data: {n}\\n\\n'.encode()
            self.wfile.write(b'%x\\r\\n%s\\r\\n' % (len(event), event))
            self.wfile.flush()
            time.sleep(1)
        self.wfile.write(b'0\\r\\n\\r\\n')
    def do_POST(self):
        left, got = int(self.headers['content-length']), 0
        while got < left:
            got += len(self.rfile.read(min(65536, left - got)))
        said = str(got).encode()
        self.send_response(200)
        self.send_header('content-length', str(len(said)))
        self.end_headers()
        self.wfile.write(said)
http.server.ThreadingHTTPServer(('', ${PORT}), Slow).serve_forever()
`;
  const policy = (inside: string, selector: object, spec: object) => ({
    apiVersion: 'networking.k8s.io/v1',
    kind: 'NetworkPolicy',
    metadata: { name: NAME, namespace: inside },
    spec: { podSelector: { matchLabels: selector }, ...spec },
  });
  const ports = [{ protocol: 'TCP', port: PORT }];
  const of = (name: string) => ({ matchLabels: { 'kubernetes.io/metadata.name': name } });
  const traefik = { 'app.kubernetes.io/name': 'traefik' };
  const ingress = (path: string, middlewares: readonly string[]) => ({
    apiVersion: 'networking.k8s.io/v1',
    kind: 'Ingress',
    metadata: {
      name: `slow${path.replaceAll('/', '-')}`,
      namespace: NAMESPACE,
      annotations: {
        'traefik.ingress.kubernetes.io/router.entrypoints': 'websecure',
        'traefik.ingress.kubernetes.io/router.tls': 'true',
        'traefik.ingress.kubernetes.io/router.middlewares': middlewares
          .map((name) => `${name}@file`)
          .join(','),
      },
    },
    spec: {
      ingressClassName: 'assistants',
      rules: [
        {
          host: 'localhost',
          http: {
            paths: [
              { path, pathType: 'Prefix', backend: { service: { name: NAME, port: { number: PORT } } } },
            ],
          },
        },
      ],
    },
  });

  it('survives a rollout of the edge: a stream of 105 s, uploads of 130 s, buffered and not', async () => {
    apply(
      pod(NAME, NAMESPACE, labels, ['python', '-c', SLOW]),
      service(NAME, NAMESPACE, labels, PORT),
      policy(NAMESPACE, labels, {
        policyTypes: ['Ingress'],
        ingress: [
          { from: [{ namespaceSelector: of(EDGE_NAMESPACE), podSelector: { matchLabels: traefik } }], ports },
        ],
      }),
      policy(EDGE_NAMESPACE, traefik, {
        policyTypes: ['Egress'],
        egress: [{ to: [{ namespaceSelector: of(NAMESPACE), podSelector: { matchLabels: labels } }], ports }],
      }),
      // One path has the middlewares of a route that streams, the other those of a route that buffers the whole body.
      ingress('/slow/stream', ['security-headers', 'compress', 'retry']),
      ingress('/slow/whole', [
        'security-headers',
        'open-analytics',
        'places-analytics',
        'body-limit',
        'retry',
      ]),
    );
    kubectl('wait', '-n', NAMESPACE, `pod/${NAME}`, '--for=condition=Ready', '--timeout=60s');
    await eventually(60, async () => {
      for (const path of ['/slow/stream', '/slow/whole']) {
        const { status, text } = await ask(path, { method: 'POST', body: 'x' });
        if (status !== 200) throw new Error(`${path}: ${status} ${text.slice(0, 80)}`);
      }
    });
    const email = `slow-${Date.now()}@example.com`;
    const login = { method: 'POST', body: { email, password: 'correct horse battery staple' } };
    await eventually(90, async () => expect((await ask('/auth/register', login)).status).toBe(201));
    const token = await eventually(90, async () => {
      const { status, text } = await ask('/auth/login', login);
      if (status !== 200) throw new Error(text);
      return String(JSON.parse(text).access_token);
    });
    // The services accept 1 MiB of JSON at most. Spaces fill the document without changing its meaning.
    const document = `{"kind": "cost"${' '.repeat(900_000)}}`;
    const slowly = { method: 'POST', over: UPLOAD };
    const streamed = ask('/slow/stream');
    const uploads = [
      ask('/slow/stream', { ...slowly, body: 'x'.repeat(3 << 20) }),
      ask('/slow/whole', { ...slowly, body: 'x'.repeat(3 << 20) }),
      ask('/api/analytics/reports/generate', { ...slowly, body: document, token }),
      ask('/analytics/reports/generate', { ...slowly, body: document, token }),
    ];
    const all = Promise.all([streamed, ...uploads]);
    all.catch(() => undefined);
    await new Promise((resolve) => setTimeout(resolve, 10_000));
    kubectl('rollout', 'restart', '-n', EDGE_NAMESPACE, 'deploy/traefik');
    kubectl('rollout', 'status', '-n', EDGE_NAMESPACE, 'deploy/traefik', '--timeout=180s');
    const [stream, plain, whole, throughGateway, direct] = await all;
    expect(stream?.text.match(/data: /g)).toHaveLength(STREAM);
    expect([plain?.status, plain?.text, whole?.status, whole?.text]).toEqual([
      200,
      String(3 << 20),
      200,
      String(3 << 20),
    ]);
    // A report exists only when the service has read the whole body.
    for (const answer of [throughGateway, direct])
      expect([answer?.status, answer?.text.includes('"id"')]).toEqual([201, true]);
  });

  it('is bounded: a client keeps no more open than it has places for', async () => {
    const attempts = Array.from({ length: 16 }, () =>
      ask('/slow/whole', { method: 'POST', body: 'x'.repeat(100), over: 10 }).then(({ status }) => status),
    );
    const statuses = await Promise.all(attempts);
    expect(statuses.filter((status) => status === 429).length).toBeGreaterThan(0);
    expect(statuses.filter((status) => status === 200).length).toBeGreaterThan(0);
  });
});

describe('the platform behind our own edge', { timeout: 5 * MINUTES }, () => {
  it('serves a user by every route', async () => {
    await journey({});
  });
});

describe('the platform behind a foreign controller', { timeout: 10 * MINUTES }, () => {
  const from = [
    `edge.from.namespace=${OUTSIDE}`,
    `edge.from.podLabels=${JSON.stringify(LABELS)}`,
    `edge.className=${CLASS}`,
  ];

  it('serves a user by every route: Ingress', async () => {
    installGatewayApi();
    startForeignController();
    await redeploy('edge.controller=external', 'edge.tls=existing', ...from);
    await eventually(60, openForeignController);
    await eventually(90, () => journey({}));
  });

  it('serves a user by every route: Gateway API, with the certificate of the platform', async () => {
    makeGateway(SECRET, NAMESPACE);
    const gateway = { ...GATEWAY, namespace: OUTSIDE };
    await redeploy(
      'edge.controller=gateway',
      `edge.gateway=${JSON.stringify(gateway)}`,
      'edge.tls=existing',
      ...from,
    );
    await eventually(90, () => journey({}));
    expect((await ask('/ai/none', { host: HOST })).issuer).toMatch(/pebble/i);
    const { status, headers } = await ask('/ai/models', { secure: false });
    expect([status, headers.location]).toEqual([301, 'https://localhost/ai/models']);
  });

  it('is closed to every other pod there', () => {
    const program = `
import socket, sys
try:
    socket.create_connection(('ai-assistant.${NAMESPACE}.svc.cluster.local', 8000), 5)
    print('open')
except OSError:
    print('closed')
`;
    expect(inPod(OUTSIDE, 'client', 'python', '-c', program).trim()).toBe('closed');
  });
});
