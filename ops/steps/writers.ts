/** The service that writes to a database: stopped while it is restored, and brought back. */
import { z } from 'zod';
import { Failure } from '../core/failure.ts';
import { explain, pod, podsOf, progressOf, type Workload, workload } from '../core/workloads.ts';
import { pause } from '../tools/interrupt.ts';
import type { Kubectl } from '../tools/kubectl.ts';
import { patiently } from '../tools/patience.ts';

const PAUSE_MS = 1000;
/** How long the API server may be away. */
const AWAY_SECONDS = 300;

export interface Writer {
  readonly kubectl: Kubectl;
  readonly namespace: string;
  readonly service: string;
}

const deployment = z.looseObject({ spec: z.looseObject({ replicas: z.int().default(1) }) });

/** @throws Failure when the cluster has no such Deployment. */
export async function replicasOf({ kubectl, namespace, service }: Writer): Promise<number> {
  const args = ['get', 'deployment', service, `--namespace=${namespace}`, '--ignore-not-found'];
  const [found] = await kubectl.objects(deployment, args);
  if (!found)
    throw new Failure(
      `cluster ${kubectl.context}: no Deployment ${namespace}/${service}`,
      'apply the platform first',
    );
  return found.spec.replicas;
}

/** An autoscaler leaves a Deployment of 0 replicas alone, and takes it up again when it has some. */
const scale = ({ namespace, service }: Writer, replicas: number): readonly string[] => [
  'scale',
  `deployment/${service}`,
  `--replicas=${replicas}`,
  `--namespace=${namespace}`,
];

/** Stops the service and waits until its last pod has ended its work. */
export async function drain(writer: Writer, timeoutSeconds: number): Promise<void> {
  const { kubectl, namespace, service } = writer;
  await kubectl.output(scale(writer, 0));
  const deadline = Date.now() + timeoutSeconds * 1000;
  const selector = `--selector=app.kubernetes.io/name=${service}`;
  for (;;) {
    const left = await patiently(AWAY_SECONDS, () =>
      kubectl.output(['get', 'pods', selector, `--namespace=${namespace}`, '--output=name']),
    );
    if (left.trim() === '') return;
    if (Date.now() > deadline)
      throw new Failure(`restore: ${service} still runs ${timeoutSeconds} s after it was told to end`);
    await pause(PAUSE_MS);
  }
}

/** Has the service come back; goes on when the command is interrupted. */
export async function bringBack(writer: Writer, replicas: number): Promise<void> {
  await patiently(AWAY_SECONDS, () => writer.kubectl.tidy(scale(writer, replicas)));
}

/** @throws Failure with its pods' reasons when the service is not ready in time. */
export async function waitUntilReady(writer: Writer, timeoutSeconds: number): Promise<void> {
  const { namespace, service } = writer;
  const deadline = Date.now() + timeoutSeconds * 1000;
  for (;;) {
    const found = await patiently(AWAY_SECONDS, () => deploymentOf(writer));
    if (found && progressOf(found).done) return;
    if (Date.now() > deadline)
      throw new Failure(
        `${service}: not ready ${timeoutSeconds} s after its database was restored`,
        `see kubectl logs --namespace ${namespace} deploy/${service} --all-containers`,
        found ? await reasons(writer, found) : [],
      );
    await pause(PAUSE_MS);
  }
}

async function deploymentOf({ kubectl, namespace, service }: Writer): Promise<Workload | undefined> {
  return (await kubectl.objects(workload, ['get', 'deployment', service, `--namespace=${namespace}`]))[0];
}

async function reasons({ kubectl, namespace }: Writer, found: Workload): Promise<readonly string[]> {
  const pods = await kubectl.objects(pod, ['get', 'pods', `--namespace=${namespace}`]);
  return explain(found, podsOf(found, pods), []);
}
