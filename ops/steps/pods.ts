/** Live pods of components. */

import { z } from 'zod';
import { namespaceOf } from '../../charts/constructs/names.ts';
import type { Component } from '../../charts/graph/model.ts';
import { type LivePod, livePod, runningPod } from '../core/components.ts';
import { Failure, messageOf } from '../core/failure.ts';
import { type PodMetrics, podMetrics } from '../core/usage.ts';
import type { Forward } from '../tools/forward.ts';
import type { Kubectl } from '../tools/kubectl.ts';
import type { ConfiguredCluster } from './target.ts';

const list = z.looseObject({ items: z.array(podMetrics) });

/** Use of every pod of the cluster. @throws Failure when the metrics server is missing or does not answer. */
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

/** Pods in the namespaces of the components. */
export async function podsAround(
  { kubectl, config }: ConfiguredCluster,
  components: readonly Component[],
): Promise<readonly LivePod[]> {
  const namespaces = [...new Set(components.map(({ zone }) => namespaceOf(config, zone)))];
  const found = await Promise.all(
    namespaces.map((namespace) => kubectl.objects(livePod, ['get', 'pods', `--namespace=${namespace}`])),
  );
  return found.flat();
}

/** A running pod of the component, a ready one if possible. @throws Failure when none runs. */
export const runningPodOf = async (place: ConfiguredCluster, component: Component): Promise<LivePod> =>
  runningPod(place.config, component, await podsAround(place, [component]));

/** Arguments that forward a port of the pod. */
export const portOfPod = (
  { context }: Kubectl,
  { metadata: { name, namespace } }: LivePod,
  port: number,
): Forward => ({ context, namespace, resource: `pod/${name}`, port });
