/** A company's cluster: a registry with a password, a second DNS server, a proxy, models behind a private authority. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { serviceImage } from '../../charts/config/images.ts';
import { standInSources } from '../e2e/provider.ts';
import { addressOf, apply, config, kubectl, kubectlJson, ROOT, topology } from '../e2e/support.ts';
import { certificateFor, tlsSecret } from '../support/certificates.ts';

export const CLUSTER = 'ai-assistants-company';
export const COMPANY = 'company';
export const DNS = '169.254.20.10';
export const MODELS = 'models.company.test';
const PROXY = 'proxy.company.test';
const REGISTRY = 'registry.company.test:5000';
/** The registry on this machine. */
const PUSHED_TO = '127.0.0.1:5001';
const REGISTRY_IMAGE = 'localhost/ai-assistants-test/registry:1';
const REGISTRY_MODULE = 'github.com/distribution/distribution/v3/cmd/registry@v3.0.0';
const USER = 'platform';
const PASSWORD = 'password-of-the-registry';
/** bcrypt of the password, the only hash that the registry accepts. */
const HASH = '$2b$04$MQP21eWC589SVQ26BxttZuLfhEoHZ1VFShlV88toCIqfo4Cl2MoPG';
const LOCAL = 'localhost/ai-assistants';
/** Has Python and the models' stand-in. Nodes get it by a name that the registry does not have. */
const PYTHON_IMAGE = 'localhost/ai-assistants-test/python:1';

const run = (command: string, ...args: readonly string[]): string =>
  execFileSync(command, args, { encoding: 'utf8', stdio: 'pipe', maxBuffer: 2 ** 26 });
const nodes = (): readonly string[] => run('kind', 'get', 'nodes', '--name', CLUSTER).trim().split('\n');

/** The built images of the services, by their names on this machine. */
const builtImages = (): readonly string[] =>
  topology.services.map((spec) =>
    serviceImage({ ...config, images: { ...config.images, registry: LOCAL } }, spec),
  );

function imageOfAssistant(): string {
  const found = builtImages().find((image) => image.includes('/ai-assistant:'));
  if (!found) throw new Error('no image of ai-assistant: ./platform build');
  return found;
}

export function makeCluster(): void {
  removeCluster();
  run('kind', 'create', 'cluster', '--config', `${ROOT}/test/clusters/kind.yaml`, '--wait', '600s');
}

export function removeCluster(): void {
  run('kind', 'delete', 'cluster', '--name', CLUSTER);
  run('docker', 'rm', '--force', '--volumes', 'company-registry');
}

/** A registry that asks for a password, with the services in it and in no node. */
export async function startRegistry(): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'registry-'));
  run('sh', '-c', `cd ${folder} && GOBIN=${folder} CGO_ENABLED=0 go install ${REGISTRY_MODULE}`);
  const files = [
    // Any image with a shell; this one is here.
    `FROM ${imageOfAssistant()}`,
    'USER 0',
    'COPY registry /registry',
    `RUN echo '${USER}:${HASH}' > /htpasswd && printf '%s\\n' 'version: 0.1' 'storage: {filesystem: {rootdirectory: /data}}' \\`,
    `  'http: {addr: ":5000"}' 'auth: {htpasswd: {realm: company, path: /htpasswd}}' > /config.yml`,
    'ENTRYPOINT []',
    'HEALTHCHECK NONE',
    'CMD ["/registry", "serve", "/config.yml"]',
  ];
  execFileSync('docker', ['build', '-q', '-t', REGISTRY_IMAGE, '-f', '-', folder], {
    input: files.join('\n'),
    stdio: 'pipe',
  });
  const published = `${PUSHED_TO}:5000`;
  run(
    'docker',
    'run',
    '--detach',
    '--name=company-registry',
    '--network=kind',
    `--publish=${published}`,
    REGISTRY_IMAGE,
  );
  await sleep(2000);
  const login = ['login', PUSHED_TO, `--username=${USER}`, '--password-stdin'];
  execFileSync('docker', login, { input: PASSWORD, stdio: 'pipe' });
  for (const image of builtImages()) {
    const pushed = image.replace(LOCAL, `${PUSHED_TO}/ai-assistants`);
    run('docker', 'tag', image, pushed);
    run('docker', 'push', '-q', pushed);
    run('docker', 'rmi', pushed);
  }
  run('docker', 'logout', PUSHED_TO);
  // The test registry uses HTTP; a company's registry has a certificate.
  const hosts = `server = "http://company-registry:5000"\n[host."http://company-registry:5000"]\n`;
  for (const node of nodes()) {
    const at = `/etc/containerd/certs.d/${REGISTRY}`;
    run(
      'docker',
      'exec',
      node,
      'sh',
      '-c',
      `mkdir -p ${at} && printf '${hosts.replaceAll('\n', '\\n')}' > ${at}/hosts.toml`,
    );
  }
}

/** The Secret by which pods may pull. */
export const pullSecret = (namespace: string): object => ({
  apiVersion: 'v1',
  kind: 'Secret',
  metadata: { name: 'company-registry', namespace },
  type: 'kubernetes.io/dockerconfigjson',
  stringData: {
    '.dockerconfigjson': JSON.stringify({ auths: { [REGISTRY]: { username: USER, password: PASSWORD } } }),
  },
});

const PROXY_PROGRAM = `
import asyncio
async def pump(source, sink):
    while data := await source.read(65536):
        sink.write(data)
        await sink.drain()
    sink.close()
async def serve(reader, writer):
    method, target, _ = (await reader.readline()).decode().split()
    while (await reader.readline()).strip():
        pass
    print(method, target, flush=True)
    host, port = target.rsplit(':', 1)
    back, forth = await asyncio.open_connection(host, int(port))
    writer.write(b'HTTP/1.1 200 OK\\r\\n\\r\\n')
    await asyncio.gather(pump(reader, forth), pump(back, writer), return_exceptions=True)
async def main():
    await (await asyncio.start_server(serve, '', 3128)).serve_forever()
asyncio.run(main())
`;

const TLS_PROGRAM = `
import asyncio, ssl
context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
context.load_cert_chain('/tls/tls.crt', '/tls/tls.key')
async def pump(source, sink):
    while data := await source.read(65536):
        sink.write(data)
        await sink.drain()
    sink.close()
async def serve(reader, writer):
    back, forth = await asyncio.open_connection('127.0.0.1', 8080)
    await asyncio.gather(pump(reader, forth), pump(back, writer), return_exceptions=True)
async def main():
    await (await asyncio.start_server(serve, '', 8443, ssl=context)).serve_forever()
asyncio.run(main())
`;

const container = (
  name: string,
  command: readonly string[],
  port: number,
  mounts: readonly object[] = [],
) => ({
  name,
  image: PYTHON_IMAGE,
  imagePullPolicy: 'IfNotPresent',
  command,
  env: [{ name: 'PYTHONPATH', value: '/stand-in:/app:/dependencies' }],
  readinessProbe: { tcpSocket: { port }, periodSeconds: 1 },
  volumeMounts: mounts,
});

const pod = (name: string, containers: readonly object[], volumes: readonly object[] = []) => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name, namespace: COMPANY, labels: { app: name } },
  spec: { terminationGracePeriodSeconds: 1, containers, volumes },
});

const service = (name: string, port: number, targetPort: number) => ({
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { name, namespace: COMPANY },
  spec: { selector: { app: name }, ports: [{ port, targetPort }] },
});

const coreDnsImage = (): string =>
  kubectl('get', 'deploy', 'coredns', '-n', 'kube-system', '-o', 'jsonpath={..image}');

/** Starts the second DNS server on every address of each node, so on that one too; only it knows the company's names. */
function startDns(): void {
  for (const node of nodes()) run('docker', 'exec', node, 'ip', 'address', 'add', `${DNS}/32`, 'dev', 'lo');
  const names = [`${addressOf(COMPANY, 'models')} ${MODELS}`, `${addressOf(COMPANY, 'proxy')} ${PROXY}`];
  const corefile = [
    `company.test:53 {\n  log\n  hosts {\n    ${names.join('\n    ')}\n  }\n}`,
    `.:53 {\n  log\n  forward . ${addressOf('kube-system', 'kube-dns')}\n}`,
  ].join('\n');
  const metadata = { name: 'second-dns', namespace: COMPANY };
  const labels = { app: 'second-dns' };
  apply(
    { apiVersion: 'v1', kind: 'ConfigMap', metadata, data: { Corefile: corefile } },
    {
      apiVersion: 'apps/v1',
      kind: 'DaemonSet',
      metadata,
      spec: {
        selector: { matchLabels: labels },
        template: {
          metadata: { labels },
          spec: {
            hostNetwork: true,
            dnsPolicy: 'Default',
            tolerations: [{ operator: 'Exists' }],
            containers: [
              {
                name: 'dns',
                image: coreDnsImage(),
                args: ['-conf', '/etc/coredns/Corefile'],
                readinessProbe: { tcpSocket: { port: 53 }, periodSeconds: 1 },
                volumeMounts: [{ name: 'config', mountPath: '/etc/coredns' }],
              },
            ],
            volumes: [{ name: 'config', configMap: { name: 'second-dns' } }],
          },
        },
      },
    },
  );
  kubectl('rollout', 'status', '-n', COMPANY, 'daemonset/second-dns', '--timeout=120s');
}

/** Starts what a company has before it installs the platform. Returns the certificate of its authority. */
export async function startCompany(): Promise<string> {
  run('docker', 'tag', imageOfAssistant(), PYTHON_IMAGE);
  run('kind', 'load', 'docker-image', PYTHON_IMAGE, '--name', CLUSTER);
  kubectl('create', 'namespace', COMPANY);
  const issued = await certificateFor(MODELS);
  apply(tlsSecret('models-tls', COMPANY, issued));
  const standIn = ['python', '-m', 'ai_assistant_testing', '--port=8080'];
  apply(
    {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: 'models', namespace: COMPANY },
      data: standInSources(),
    },
    pod(
      'models',
      [
        container('models', standIn, 8080, [
          { name: 'sources', mountPath: '/stand-in/ai_assistant_testing' },
        ]),
        container('tls', ['python', '-c', TLS_PROGRAM], 8443, [{ name: 'tls', mountPath: '/tls' }]),
      ],
      [
        { name: 'sources', configMap: { name: 'models' } },
        { name: 'tls', secret: { secretName: 'models-tls' } },
      ],
    ),
    service('models', 443, 8443),
    pod('proxy', [container('proxy', ['python', '-u', '-c', PROXY_PROGRAM], 3128)]),
    service('proxy', 3128, 3128),
  );
  startDns();
  kubectl('wait', '-n', COMPANY, 'pod', '--all', '--for=condition=Ready', '--timeout=180s');
  return issued.authority;
}

/** Pods of a namespace: each with its node, and the reason why one of its containers waits. */
export const podsOf = (namespace: string) =>
  (
    kubectlJson('get', 'pods', '-n', namespace) as {
      items: readonly {
        metadata: { name: string };
        spec: { nodeName?: string };
        status: {
          conditions?: readonly { reason?: string; message?: string }[];
          containerStatuses?: readonly { state: { waiting?: { reason: string; message?: string } } }[];
        };
      }[];
    }
  ).items.map(({ metadata, spec, status }) => ({
    name: metadata.name,
    node: spec.nodeName,
    unscheduled: status.conditions?.find(({ reason }) => reason === 'Unschedulable')?.message,
    waiting:
      status.containerStatuses?.map(({ state }) => state.waiting).filter((state) => state !== undefined) ??
      [],
  }));
