/** Tests a release with requests like a client's. */

import type { Config } from '../../charts/config/schema.ts';
import { namespaceOf } from '../../charts/constructs/names.ts';
import { EDGE, PORTS, type ServiceSpec } from '../../charts/graph/model.ts';
import { Failure, messageOf } from '../core/failure.ts';
import type { KubeObject } from '../core/objects.ts';
import { withForward, withPort } from '../tools/forward.ts';
import { ask } from '../tools/https.ts';
import { checkInterrupted, pause } from '../tools/interrupt.ts';
import type { Target } from './target.ts';

export interface Probe {
  readonly service: string;
  readonly path: string;
  /** The service must be healthy; otherwise it is enough that the service answers, and not the edge. */
  readonly healthy: boolean;
}

/** On routes that keep their prefix this path does not exist, so the service answers 404. */
const NOTHING = 'smoke-test';

/** One request for each route of the edge. */
export const probesThroughEdge = (services: readonly ServiceSpec[]): readonly Probe[] =>
  services.flatMap(({ name, route }) => {
    if (!route) return [];
    const healthy = route.stripPrefix !== false;
    return [{ service: name, path: `${route.path}/${healthy ? 'health' : NOTHING}`, healthy }];
  });

export interface Answer {
  readonly status: number;
  readonly text: string;
}

/** Why an answer is wrong; undefined when it is right. */
export function complaint({ service, path, healthy }: Probe, { status, text }: Answer): string | undefined {
  const from = parsed(text);
  const excerpt = text.replaceAll(/\s+/g, ' ').slice(0, 120);
  if (healthy) {
    if (status === 200 && from?.service === service) return undefined;
    return `${path}: expected 200 of ${service}, got ${status} ${excerpt}`;
  }
  // Only a service answers with a problem document (RFC 9457) that has the request's id.
  if (status < 500 && from?.request_id !== undefined) return undefined;
  return `${path}: expected an answer of ${service}, got ${status} ${excerpt}`;
}

function parsed(text: string): { readonly service?: unknown; readonly request_id?: unknown } | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? value : undefined;
  } catch {
    return undefined;
  }
}

/** Host name of requests through the edge. */
export const edgeHost = ({ edge }: Config): string => edge.hosts[0] ?? 'localhost';

const TIMEOUT_MS = 10_000;
/** A new route takes a moment to reach the edge. */
const ATTEMPTS = 5;
const PAUSE_MS = 1000;

/**
 * Requests every route through the edge's pod, with TLS. With an external edge it requests every service's
 * health from its pod instead. Returns a line with the number of requests and their way.
 *
 * @throws Failure naming each route with a wrong answer.
 */
export async function smokeTest(target: Target, report: (text: string) => void): Promise<string> {
  const { wanted } = target;
  const services = target.services.filter(({ name }) => isDeployed(wanted, name));
  if (!isDeployed(wanted, EDGE)) return byForwarding(target, services, report);
  const probes = probesThroughEdge(services);
  await check(probes.length, report, () => throughEdge(target, probes));
  return `${probes.length} routes answer through the edge`;
}

/** The manifests decide, not the topology: an earlier release may have fewer services. */
const isDeployed = (wanted: readonly KubeObject[], name: string): boolean =>
  wanted.some(({ kind, metadata }) => kind === 'Deployment' && metadata.name === name);

/** Each attempt needs a new forwarding: kubectl ends one for good when the pod closes a connection. */
async function throughEdge({ kubectl, config }: Target, probes: readonly Probe[]): Promise<Complaints> {
  const target = {
    context: kubectl.context,
    namespace: namespaceOf(config, 'edge'),
    resource: `deployment/${EDGE}`,
    port: PORTS.websecure,
  };
  return withPort(target, (port) => judgeAll(probes, ({ path }) => viaEdge(port, edgeHost(config), path)));
}

async function byForwarding(
  { kubectl, config }: Target,
  services: readonly ServiceSpec[],
  report: (text: string) => void,
): Promise<string> {
  const namespace = namespaceOf(config, 'app');
  const { context } = kubectl;
  const judge = ({ name, port }: ServiceSpec) =>
    judged({ service: name, path: '/health', healthy: true }, ({ path }) =>
      withForward({ context, namespace, resource: `deployment/${name}`, port }, (origin) =>
        viaPod(`${origin}${path}`),
      ),
    );
  await check(services.length, report, () => Promise.all(services.map(judge)));
  return `${services.length} services are healthy, asked at their pods; the edge is not the platform's own`;
}

/** The problem of each probe, or undefined. */
type Complaints = readonly (string | undefined)[];

async function check(
  count: number,
  report: (text: string) => void,
  judge: () => Promise<Complaints>,
): Promise<void> {
  let complaints: readonly string[] = [];
  for (let attempt = 1; attempt <= ATTEMPTS; attempt++) {
    complaints = (await judge().catch(asComplaint)).filter((one) => one !== undefined);
    if (complaints.length === 0) return;
    report(complaints[0] ?? '');
    if (attempt < ATTEMPTS) await pause(PAUSE_MS);
  }
  throw new Failure(
    `smoke test: ${complaints.length} of ${count} failed: ${complaints[0]}`,
    undefined,
    complaints,
  );
}

/** When no probe could be sent. */
function asComplaint(error: unknown): Complaints {
  checkInterrupted();
  return [messageOf(error)];
}

const judgeAll = (probes: readonly Probe[], ask: (probe: Probe) => Promise<Answer>): Promise<Complaints> =>
  Promise.all(probes.map((probe) => judged(probe, ask)));

async function judged(probe: Probe, ask: (probe: Probe) => Promise<Answer>): Promise<string | undefined> {
  try {
    return complaint(probe, await ask(probe));
  } catch (error) {
    return `${probe.path} of ${probe.service}: ${messageOf(error)}`;
  }
}

async function viaPod(url: string): Promise<Answer> {
  const answer = await fetch(url, { signal: AbortSignal.timeout(TIMEOUT_MS) });
  return { status: answer.status, text: await answer.text() };
}

/** Ignores the certificate: it has the public name, and this request goes to the pod. */
const viaEdge = (port: number, host: string, path: string): Promise<Answer> =>
  ask({
    host: '127.0.0.1',
    port,
    path,
    servername: host,
    headers: { host },
    rejectUnauthorized: false,
    timeout: TIMEOUT_MS,
    agent: false,
  });
