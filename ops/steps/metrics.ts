/** What the metrics server measured last. */
import { z } from 'zod';
import { Failure, messageOf } from '../core/failure.ts';
import { type PodMetrics, podMetrics } from '../core/usage.ts';
import type { Kubectl } from '../tools/kubectl.ts';

const list = z.looseObject({ items: z.array(podMetrics) });

/** Of every pod of the cluster. @throws Failure when there is no metrics server, or it does not answer. */
export async function measuredPods(kubectl: Kubectl): Promise<readonly PodMetrics[]> {
  try {
    return list.parse(JSON.parse(await kubectl.output(['get', '--raw', '/apis/metrics.k8s.io/v1beta1/pods'])))
      .items;
  } catch (error) {
    throw new Failure(
      `metrics.k8s.io: does not answer (${messageOf(error)})`,
      'install metrics-server, as ./platform up does, and give it a minute',
    );
  }
}
