import type { Config } from '../../charts/config/schema.ts';
import type { ServiceSpec, Topology } from '../../charts/graph/model.ts';
import type { KubeObject } from '../core/objects.ts';
import type { Kubectl } from '../tools/kubectl.ts';

/** The platform to roll out, and its cluster. */
export interface Target {
  readonly config: Config;
  readonly services: readonly ServiceSpec[];
  readonly topology: Topology;
  /** The rendered objects, in the order they are applied. */
  readonly wanted: readonly KubeObject[];
  readonly kubectl: Kubectl;
}

/** A cluster and the configuration of what runs in it. */
export type ConfiguredCluster = Pick<Target, 'config' | 'kubectl'>;
/** The same, with the components that run there. */
export type ComponentsInCluster = Pick<Target, 'config' | 'kubectl' | 'topology'>;
/** What a cluster should run, without the rendered objects. */
export type LivePlatform = Omit<Target, 'wanted'>;
