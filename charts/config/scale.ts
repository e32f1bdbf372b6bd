/** How many pods of a service there are, and how many at the same time while they are replaced. */
import type { Config } from './schema.ts';

/** Replicas, and the range of the autoscaler when it is on. */
export interface Scale {
  readonly replicas: number;
  readonly autoscaler?: { readonly min: number; readonly max: number };
}

/** How many replicas a service runs. */
export function scaleOf(config: Config, name: string): Scale {
  const own = config.services[name];
  if (!config.autoscaling.enabled) return { replicas: own?.replicas ?? config.replicas };
  const min = own?.minReplicas ?? config.autoscaling.minReplicas;
  return { replicas: min, autoscaler: { min, max: maxReplicasOf(config, name) } };
}

const maxReplicasOf = (config: Config, name: string): number =>
  config.services[name]?.maxReplicas ?? config.autoscaling.maxReplicas;

/** Pods above the desired number while a rollout replaces them one by one. */
export const SURGE = 1;

/** Most pods of a service while no rollout runs. */
export function mostReplicas(config: Config, name: string): number {
  const { replicas, autoscaler } = scaleOf(config, name);
  return autoscaler?.max ?? replicas;
}

/** The same, should the autoscaler be turned on: our databases have room for it, so that this restarts none. */
export const mostReplicasEver = (config: Config, name: string): number =>
  Math.max(mostReplicas(config, name), maxReplicasOf(config, name));
