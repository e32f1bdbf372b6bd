/** A model provider inside the cluster: the stand-in with the provider's wire format, and the platform's settings for it. */
import { readdirSync, readFileSync } from 'node:fs';
import { execa } from 'execa';
import { APP_USER, containerSecurity, podSecurity } from '../../charts/constructs/pod.ts';
import { componentOf } from '../../charts/graph/build.ts';
import {
  apply,
  eventually,
  imageNow,
  kubectl,
  kubectlInput,
  NAMESPACE,
  ROOT,
  topology,
  VALUES,
} from './support.ts';

const NAME = 'provider-stand-in';
const PORT = 8080;
const SOURCES = `${ROOT}/services/ai-assistant/ai_assistant_testing`;
const ASSISTANT = 'ai-assistant';

const metadata = { name: NAME, namespace: NAMESPACE, labels: { 'app.kubernetes.io/name': NAME } };
const tcp = [{ protocol: 'TCP', port: PORT }];

/** The stand-in's program, file by file. */
export function standInSources(): Record<string, string> {
  const files = readdirSync(SOURCES).filter((file) => file.endsWith('.py'));
  return Object.fromEntries(files.map((file) => [file, readFileSync(`${SOURCES}/${file}`, 'utf8')]));
}

function objects(key?: string): readonly object[] {
  const { selector } = componentOf(topology, ASSISTANT);
  const pod = {
    automountServiceAccountToken: false,
    // The stand-in has no state to save.
    terminationGracePeriodSeconds: 1,
    securityContext: podSecurity(APP_USER),
    containers: [
      {
        name: NAME,
        // The node has it, whichever release runs.
        image: imageNow(ASSISTANT),
        command: ['python', '-m', 'ai_assistant_testing', `--port=${PORT}`, ...(key ? [`--key=${key}`] : [])],
        env: [{ name: 'PYTHONPATH', value: '/stand-in:/app:/dependencies' }],
        resources: { requests: { cpu: '10m', memory: '64Mi' }, limits: { cpu: '200m', memory: '128Mi' } },
        securityContext: containerSecurity,
        readinessProbe: { tcpSocket: { port: PORT }, periodSeconds: 1 },
        volumeMounts: [{ name: 'sources', mountPath: '/stand-in/ai_assistant_testing', readOnly: true }],
      },
    ],
    volumes: [{ name: 'sources', configMap: { name: NAME } }],
  };
  const assistants = { podSelector: { matchLabels: { ...selector } } };
  const standIn = { podSelector: { matchLabels: metadata.labels } };
  return [
    { apiVersion: 'v1', kind: 'ConfigMap', metadata, data: standInSources() },
    { apiVersion: 'v1', kind: 'Pod', metadata, spec: pod },
    {
      apiVersion: 'v1',
      kind: 'Service',
      metadata,
      spec: { selector: metadata.labels, ports: [{ port: PORT, targetPort: PORT }] },
    },
    {
      apiVersion: 'networking.k8s.io/v1',
      kind: 'NetworkPolicy',
      metadata,
      spec: {
        ...standIn,
        policyTypes: ['Ingress', 'Egress'],
        ingress: [{ from: [assistants], ports: tcp }],
      },
    },
    {
      apiVersion: 'networking.k8s.io/v1',
      kind: 'NetworkPolicy',
      metadata: { ...metadata, name: `${ASSISTANT}-to-${NAME}` },
      spec: { ...assistants, policyTypes: ['Egress'], egress: [{ to: [standIn], ports: tcp }] },
    },
  ];
}

const platform = (args: readonly string[], environment: Readonly<Record<string, string>> = {}) =>
  execa(`${ROOT}/platform`, ['up', '--no-build', '--values', VALUES, ...args], { env: environment });

/** The platform's settings to use the stand-in. */
export const PROVIDER_SETTINGS = [
  '--set',
  `settings.openaiBaseUrl=http://${NAME}:${PORT}/v1`,
  '--set',
  `settings.anthropicBaseUrl=http://${NAME}:${PORT}`,
] as const;

/** Starts the stand-in alone. @param key the only one it takes; any without it. */
export function startStandIn(key?: string): void {
  apply(...objects(key));
  kubectl('wait', '-n', NAMESPACE, `pod/${NAME}`, '--for=condition=Ready', '--timeout=60s');
}

/** Waits until the stand-in is gone: otherwise the next start would find the old pod of that name. */
export function stopStandIn(): void {
  for (const object of objects().toReversed())
    kubectlInput(JSON.stringify(object), 'delete', '--ignore-not-found', '--timeout=90s', '-f', '-');
}

/** Starts the stand-in and brings the platform up with its address, as one with a provider of their own would. */
export async function startProvider(): Promise<void> {
  startStandIn();
  await platform(PROVIDER_SETTINGS, {
    OPENAI_API_KEY: 'stand-in-openai',
    ANTHROPIC_API_KEY: 'stand-in-anthropic',
  });
  await eventually(90, oldPodsAreGone);
  await eventually(60, reachable);
}

/** Waits for the end of the old pods: a draining pod still answers with the old settings. */
function oldPodsAreGone(): void {
  const label = `app.kubernetes.io/name=${ASSISTANT}`;
  const pods = kubectl('get', 'pods', '-n', NAMESPACE, '-l', label, '-o', 'name').trim().split('\n');
  if (pods.length !== 1) throw new Error(`more than one pod: ${pods.join(', ')}`);
}

/** Waits until the assistant's own pod can connect: policies take a moment to reach a new pod. */
export function reachable(): void {
  const program = `import socket; socket.create_connection(('${NAME}', ${PORT}), 3)`;
  kubectl('exec', '-n', NAMESPACE, `deploy/${ASSISTANT}`, '-c', ASSISTANT, '--', 'python', '-c', program);
}

/** Undoes everything, so that the next test finds the platform as `./platform up` creates it. */
export async function stopProvider(): Promise<void> {
  stopStandIn();
  kubectl('delete', 'secret', 'ai-assistant-providers', '-n', NAMESPACE, '--ignore-not-found');
  await platform([]);
  await eventually(90, oldPodsAreGone);
}
