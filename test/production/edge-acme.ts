/**
 * Gets certificates from a real ACME server (Pebble) with a real ACME client (lego). For a challenge, it creates the pod,
 * Service and Ingress that cert-manager would create.
 */
import { execFileSync } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { execa } from 'execa';
import { namespaceOf } from '../../charts/constructs/names.ts';
import { apply, CONTEXT, config, eventually, kubectl, NAMESPACE } from '../e2e/support.ts';
import { inPod, namespace, OUTSIDE } from './edge-support.ts';

const PEBBLE = { module: 'github.com/letsencrypt/pebble/v2', version: 'v2.8.0', command: 'pebble' };
const LEGO = { module: 'github.com/go-acme/lego/v4', version: 'v4.30.1', command: 'lego' };
const IMAGE = 'localhost/ai-assistants-test/acme:1';
/** The edge's name in the cluster; its certificate is issued for it. */
export const EDGE_HOST = `traefik.${namespaceOf(config, 'edge')}.svc.cluster.local`;
const CLUSTER = CONTEXT.replace(/^kind-/, '');
const CHALLENGES = '/.well-known/acme-challenge';
const SOLVER = 'cm-acme-http-solver';
const SOLVER_PORT = 8089;
/** Pebble validates a challenge at once, and never reuses an earlier validation. */
const PEBBLE_SETTINGS = [
  { name: 'PEBBLE_VA_NOSLEEP', value: '1' },
  { name: 'PEBBLE_AUTHZREUSE', value: '0' },
];
/** Seconds between offering the answer to a challenge and asking Pebble to validate it. */
const DELAY = 40;

const SOLVER_PROGRAM = `
import http.server, sys
token, key = sys.argv[1:]
class Answer(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        known = self.path == '${CHALLENGES}/' + token
        self.send_response(200 if known else 404)
        self.end_headers()
        self.wfile.write(key.encode() if known else b'')
http.server.ThreadingHTTPServer(('', ${SOLVER_PORT}), Answer).serve_forever()
`;

/** Builds both programs once and copies the certificate of Pebble's own API; returns their folder. */
function build(): string {
  const folder = `${homedir()}/.cache/ai-assistants/acme-${PEBBLE.version}-${LEGO.version}`;
  if (existsSync(`${folder}/lego`)) return folder;
  mkdirSync(folder, { recursive: true });
  const env = { ...process.env, CGO_ENABLED: '0' };
  const go = (...args: readonly string[]) =>
    execFileSync('go', args, { cwd: folder, env, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
  if (!existsSync(`${folder}/go.mod`)) go('mod', 'init', 'acme');
  for (const { module, version } of [PEBBLE, LEGO]) go('mod', 'edit', `-require=${module}@${version}`);
  for (const { module, command } of [PEBBLE, LEGO])
    go('build', '-mod=mod', '-ldflags=-s -w', '-o', command, `${module}/cmd/${command}`);
  const source = go('list', '-mod=mod', '-m', '-f', '{{.Dir}}', PEBBLE.module).trim();
  for (const file of ['cert.pem', 'key.pem'])
    copyFileSync(`${source}/test/certs/localhost/${file}`, `${folder}/${file}`);
  return folder;
}

/** Builds an image with both programs and Python, and loads it into the nodes. */
export function buildTools(): void {
  const folder = build();
  const config = {
    pebble: {
      listenAddress: '0.0.0.0:14000',
      managementListenAddress: '0.0.0.0:15000',
      certificate: '/acme/cert.pem',
      privateKey: '/acme/key.pem',
      httpPort: 80,
      tlsPort: 443,
      ocspResponderURL: '',
      externalAccountBindingRequired: false,
      retryAfter: { authz: 1, order: 1 },
    },
  };
  writeFileSync(`${folder}/pebble.json`, JSON.stringify(config));
  writeFileSync(`${folder}/solver.py`, SOLVER_PROGRAM);
  const python = process.env.PYTHON_IMAGE ?? 'python:3.13-slim';
  const lines = [`FROM ${python}`, 'COPY . /acme', 'USER 1000:1000', 'WORKDIR /work'];
  writeFileSync(`${folder}/Dockerfile`, `${lines.join('\n')}\n`);
  writeFileSync(`${folder}/.dockerignore`, 'go.*\nDockerfile\n');
  execFileSync('docker', ['build', '-q', '-t', IMAGE, folder], { stdio: 'pipe' });
  execFileSync('kind', ['load', 'docker-image', IMAGE, '--name', CLUSTER], { stdio: 'pipe' });
}

const container = (name: string, command: readonly string[]) => ({
  name,
  image: IMAGE,
  imagePullPolicy: 'IfNotPresent',
  command,
  securityContext: {
    allowPrivilegeEscalation: false,
    readOnlyRootFilesystem: true,
    capabilities: { drop: ['ALL'] },
  },
  volumeMounts: [{ name: 'work', mountPath: '/work' }],
});

export const pod = (
  name: string,
  inside: string,
  labels: Record<string, string>,
  command: readonly string[],
) => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name, namespace: inside, labels },
  spec: {
    automountServiceAccountToken: false,
    enableServiceLinks: false,
    terminationGracePeriodSeconds: 1,
    securityContext: { runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' } },
    containers: [container(name, command)],
    volumes: [{ name: 'work', emptyDir: {} }],
  },
});

export const service = (name: string, inside: string, selector: Record<string, string>, port: number) => ({
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { name, namespace: inside },
  spec: { selector, ports: [{ name: 'http', port, targetPort: port }] },
});

/** Starts Pebble, and a pod `client` for lego. */
export function startAuthority(): void {
  const sleep = ['sleep', 'infinity'];
  const pebble = pod('pebble', OUTSIDE, { app: 'pebble' }, ['/acme/pebble', '-config', '/acme/pebble.json']);
  const [main] = pebble.spec.containers;
  apply(
    namespace(OUTSIDE),
    {
      ...pebble,
      spec: { ...pebble.spec, containers: [{ ...main, env: PEBBLE_SETTINGS }] },
    },
    service('pebble', OUTSIDE, { app: 'pebble' }, 14_000),
    pod('client', OUTSIDE, { app: 'client' }, sleep),
  );
  kubectl('wait', '-n', OUTSIDE, 'pod', '--all', '--for=condition=Ready', '--timeout=120s');
}

/** The objects cert-manager creates for a challenge. */
function solver(host: string, token: string, key: string): readonly object[] {
  const labels = {
    'acme.cert-manager.io/http01-solver': 'true',
    'acme.cert-manager.io/http-domain': '1000000001',
    'acme.cert-manager.io/http-token': '1000000002',
  };
  const answering = pod(SOLVER, NAMESPACE, labels, ['python', '/acme/solver.py', token, key]);
  const [main] = answering.spec.containers;
  const resources = { requests: { cpu: '10m', memory: '64Mi' }, limits: { cpu: '100m', memory: '64Mi' } };
  const ports = [{ name: 'http', containerPort: SOLVER_PORT }];
  const path = {
    path: `${CHALLENGES}/${token}`,
    pathType: 'ImplementationSpecific',
    backend: { service: { name: SOLVER, port: { number: SOLVER_PORT } } },
  };
  return [
    { ...answering, spec: { ...answering.spec, containers: [{ ...main, resources, ports }] } },
    service(SOLVER, NAMESPACE, labels, SOLVER_PORT),
    {
      apiVersion: 'networking.k8s.io/v1',
      kind: 'Ingress',
      metadata: { name: SOLVER, namespace: NAMESPACE, labels },
      spec: { ingressClassName: 'assistants', rules: [{ host, http: { paths: [path] } }] },
    },
  ];
}

function removeSolver(): void {
  for (const kind of ['ingress', 'service', 'pod'])
    kubectl('delete', kind, SOLVER, '-n', NAMESPACE, '--ignore-not-found', '--timeout=60s');
}

/** The answer to an HTTP request from outside the platform, where an authority would ask. */
const get = (url: string): string =>
  inPod(
    OUTSIDE,
    'client',
    'python',
    '-c',
    `import urllib.request; print(urllib.request.urlopen('${url}', timeout=5).read().decode(), end='')`,
  );

/** Gets a certificate for the edge's host, and writes it into a Secret as cert-manager does. */
export async function issue(host: string, secret: string): Promise<void> {
  const webroot = `/work/www${Date.now()}`;
  const shell = [
    `mkdir -p ${webroot} && exec /acme/lego --server https://pebble.${OUTSIDE}.svc.cluster.local:14000/dir`,
    '--tls-skip-verify --accept-tos --email operator@assistants.test --path /work/lego',
    `--domains ${host} --http --http.webroot ${webroot} --http.delay ${DELAY}s run`,
  ].join(' ');
  const client = execa(
    'kubectl',
    ['--context', CONTEXT, 'exec', '-n', OUTSIDE, 'client', '--', 'sh', '-c', shell],
    {
      all: true,
      reject: false,
    },
  );
  try {
    const offered = await eventually(60, () => {
      const [token] = inPod(OUTSIDE, 'client', 'ls', `${webroot}${CHALLENGES}`).trim().split('\n');
      if (!token) throw new Error('no challenge yet');
      return { token, key: inPod(OUTSIDE, 'client', 'cat', `${webroot}${CHALLENGES}/${token}`) };
    });
    apply(...solver(host, offered.token, offered.key));
    kubectl('wait', '-n', NAMESPACE, `pod/${SOLVER}`, '--for=condition=Ready', '--timeout=60s');
    await eventually(60, () => {
      const said = get(`http://${host}${CHALLENGES}/${offered.token}`);
      if (said !== offered.key) throw new Error(`the challenge is answered with ${said.slice(0, 80)}`);
    });
    const { exitCode, all } = await client;
    if (exitCode !== 0) throw new Error(`lego: ${all?.slice(-600)}`);
  } finally {
    client.kill();
    removeSolver();
  }
  const read = (file: string) => inPod(OUTSIDE, 'client', 'cat', `/work/lego/certificates/${host}.${file}`);
  apply({
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name: secret, namespace: NAMESPACE },
    type: 'kubernetes.io/tls',
    stringData: { 'tls.crt': read('crt'), 'tls.key': read('key') },
  });
}
