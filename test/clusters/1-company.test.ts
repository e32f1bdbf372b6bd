/**
 * The platform on the cluster of a company that has its rules: `preprod`, an environment in a file, on a tainted node, with
 * images of a registry that asks for a password, a second DNS server, an authority of the company's own and a proxy that is
 * the only way out:
 *
 *     ./platform build && npm run test:clusters
 *
 * It needs Go to build the registry.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { namespaceOf, zonesOf } from '../../charts/constructs/names.ts';
import { ASSISTANT, connection, inAssistant } from '../e2e/assistant.ts';
import {
  addressOf,
  apply,
  call,
  config,
  ENVIRONMENT,
  eventually,
  kubectl,
  NAMESPACE,
  ROOT,
  signIn,
  timed,
  VALUES,
} from '../e2e/support.ts';
import {
  COMPANY,
  DNS,
  MODELS,
  makeCluster,
  podsOf,
  pullSecret,
  removeCluster,
  startCompany,
  startRegistry,
} from './company.ts';

const MINUTES = 60_000;
const NAMESPACES = zonesOf(config).map((zone) => namespaceOf(config, zone));
/** The answer of the DNS server at an address about a name, asked over UDP. */
const resolved = (server: string, name: string): string =>
  inAssistant(`
import socket, struct
question = struct.pack('>HHHHHH', 7, 256, 1, 0, 0, 0) + b''.join(bytes([len(p)]) + p.encode() for p in '${name}'.split('.')) + b'\\0' + struct.pack('>HH', 1, 1)
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.settimeout(5)
try:
    s.sendto(question, ('${server}', 53))
    print('.'.join(map(str, s.recv(512)[-4:])))
except OSError:
    print('no answer')`);

let up: ReturnType<typeof timed>;

beforeAll(async () => {
  makeCluster();
  await startRegistry();
  const authority = await startCompany();
  for (const name of NAMESPACES) {
    kubectl('create', 'namespace', name);
    kubectl('create', 'configmap', 'company-authorities', '-n', name, `--from-literal=ca.crt=${authority}`);
  }
  process.env.OPENAI_API_KEY = 'key-of-the-company';
  const cluster = ['--cluster-config', `${ROOT}/test/clusters/kind.yaml`];
  up = timed(
    'up',
    '--no-build',
    '--environment',
    ENVIRONMENT,
    ...cluster,
    '--values',
    VALUES,
    '--timeout=900',
  );
}, 20 * MINUTES);
afterAll(() => removeCluster(), 2 * MINUTES);

describe('a company', () => {
  it(
    'whose registry asks for a password: pods pull with the Secret that pods.imagePullSecrets names',
    async () => {
      await eventually(600, () => {
        const refused = podsOf(NAMESPACE).flatMap(({ waiting }) =>
          waiting.map(({ message = '' }) => message),
        );
        expect(refused.join('\n')).toMatch(
          /registry\.company\.test.*(authorization failed|unauthorized|no basic auth)/i,
        );
      });
      apply(pullSecret(NAMESPACE));
      const { exitCode, stderr, stdout, seconds } = await up;
      expect(exitCode, `${stderr}\n${stdout}`).toBe(0);
      console.info(`preprod is up after ${seconds} s`);
    },
    25 * MINUTES,
  );

  it('whose nodes are tainted: every pod of ours is there, a pod that tolerates nothing is not', async () => {
    const pods = NAMESPACES.flatMap(podsOf);
    expect(pods.length).toBeGreaterThan(12);
    expect([...new Set(pods.map(({ node }) => node))]).toEqual(['ai-assistants-company-worker']);
    apply({
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: 'intolerant', namespace: 'default' },
      spec: {
        nodeSelector: { pool: 'assistants' },
        containers: [{ name: 'pause', image: 'registry.k8s.io/pause:3.10' }],
      },
    });
    await eventually(60, () => {
      const [pod] = podsOf('default').filter(({ name }) => name === 'intolerant');
      expect(pod?.unscheduled).toMatch(/untolerated taint/);
    });
    kubectl('delete', 'pod', 'intolerant', '-n', 'default');
  });

  it('serves preprod: a user logs in, and a model behind the authority answers through the proxy', async () => {
    const { token } = await signIn();
    const chat = await call('/ai/chat', { method: 'POST', token, body: { message: 'Hello' } });
    expect(chat.status, chat.text).toBe(200);
    expect(kubectl('logs', '-n', COMPANY, 'proxy')).toMatch(new RegExp(`^CONNECT ${MODELS}:443$`, 'm'));
  });

  it('whose proxy is the only way out', () => {
    const models = addressOf(COMPANY, 'models');
    expect(connection(models, 443)).toBe('closed');
    expect(connection('proxy.company.test', 3128)).toBe('open');
  });

  it('whose authority is trusted by programs of ours, and is not without the bundle', () => {
    const program = `
import asyncio, httpx
async def main():
    async with httpx.AsyncClient() as client:
        try:
            print((await client.get('https://${MODELS}/v1/models')).status_code)
        except httpx.ConnectError as error:
            print(error)
asyncio.run(main())`;
    expect(inAssistant(program)).toMatch(/^\d{3}$/);
    expect(inAssistant(program, ['-u', 'SSL_CERT_FILE'])).toContain('CERTIFICATE_VERIFY_FAILED');
  });

  it('whose DNS server is another one: it answers, and the usual one is closed to us', () => {
    expect(kubectl('exec', ...ASSISTANT, '--', 'cat', '/etc/resolv.conf')).toContain(`nameserver ${DNS}`);
    expect(resolved(DNS, 'proxy.company.test')).toBe(addressOf(COMPANY, 'proxy'));
    expect(resolved(addressOf('kube-system', 'kube-dns'), 'kubernetes.default.svc.cluster.local')).toBe(
      'no answer',
    );
    expect(kubectl('logs', '-n', COMPANY, '-l', 'app=second-dns', '--tail=-1')).toMatch(
      /proxy\.company\.test\. udp/,
    );
  });
});
