/** Asks a release, as clients would, whether it works. */
import { namespaceOf } from '../../charts/constructs/names.ts';
import { EDGE, PORTS, type ServiceSpec } from '../../charts/graph/model.ts';

import { Failure, messageOf } from '../core/failure.ts';
import type { KubeObject } from '../core/objects.ts';
import { type Answer, complaint, edgeHost, type Probe, probesThroughEdge } from '../core/smoke.ts';
import { withForward, withPort } from '../tools/forward.ts';
import { ask } from '../tools/https.ts';
import { checkInterrupted, pause } from '../tools/interrupt.ts';
import type { Target } from './target.ts';

const TIMEOUT_MS = 10_000;
/** A route that was just made takes a moment to reach the edge. */
const ATTEMPTS = 5;
const PAUSE_MS = 1000;

/**
 * Every route through the edge's own pod, TLS and all; where the edge is somebody else's, every service's health at its own
 * pod. Returns how many were asked, and how.
 *
 * @throws Failure naming each that does not answer as it should.
 */
export async function smokeTest(target: Target, report: (text: string) => void): Promise<string> {
  const { wanted } = target;
  const services = target.services.filter(({ name }) => isDeployed(wanted, name));
  if (!isDeployed(wanted, EDGE)) return byForwarding(target, services, report);
  const probes = probesThroughEdge(services);
  await check(probes.length, report, () => throughEdge(target, probes));
  return `${probes.length} routes answer through the edge`;
}

/** The manifests decide, not the topology: those of an earlier release may know less. */
const isDeployed = (wanted: readonly KubeObject[], name: string): boolean =>
  wanted.some(({ kind, metadata }) => kind === 'Deployment' && metadata.name === name);

/** A forwarding for each attempt: kubectl gives one up for good when the pod closes a connection. */
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

/** What came of each probe: why it is not as it should be, or nothing. */
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

/** Where nothing could be asked at all. */
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

/** The certificate is not looked at: it is for the public name, and this goes to the pod. */
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
