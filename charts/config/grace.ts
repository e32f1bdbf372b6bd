/**
 * Grace periods of pods that serve requests: a drain, during which requests still arrive; the longest request
 * open at its end; a few seconds to spare. A component that forwards a request gets at least as long as the
 * component behind it.
 */

import { ConfigError } from '../graph/error.ts';
import type { ServiceSpec } from '../graph/model.ts';
import { DEFAULT_TIMEOUT_SECONDS, GATEWAY } from '../graph/model.ts';
import type { Config } from './schema.ts';
import { settingOf } from './service-settings.ts';

/** Seconds between the program's own exit and the kubelet's kill. */
const SPARE_SECONDS = 5;
/** Traefik keeps accepting requests until endpoints and load balancers know that the pod leaves. */
const EDGE_DRAIN_SECONDS = 10;
/** Seconds a request may wait for its first byte, on top of its upload. */
const SPARE_UPLOAD_SECONDS = 60;
/** Largest SHUTDOWN_TIMEOUT_SECONDS a service accepts. */
const MOST_SECONDS = 3600;
/** Service settings that limit how long a request may run. */
const WORK = [
  'AI_STREAM_SECONDS',
  'AI_TIMEOUT_SECONDS',
  'ONEC_TIMEOUT_SECONDS',
  'RENDER_TIMEOUT_SECONDS',
  'DATABASE_COMMAND_TIMEOUT_SECONDS',
] as const;

/** Seconds after the kubelet tells a pod to stop. */
export interface Grace {
  /** The pod is no longer ready, and still accepts requests. */
  readonly drain: number;
  /** The pod finishes open requests, then exits by itself. */
  readonly finish: number;
  /** The kubelet kills the pod. */
  readonly total: number;
}

const grace = (drain: number, finish: number): Grace => ({
  drain,
  finish,
  total: drain + finish + SPARE_SECONDS,
});

/** Seconds a request may take to arrive, head and body. */
export const uploadSeconds = ({ edge: { maxBodyMiB, slowestUploadMbit } }: Config): number =>
  Math.ceil((maxBodyMiB * 2 ** 20 * 8) / (slowestUploadMbit * 1e6)) + SPARE_UPLOAD_SECONDS;

/** Seconds a streamed answer may take: what `terminationSeconds` leaves. */
export const streamSeconds = ({ terminationSeconds, drainSeconds }: Config): number =>
  terminationSeconds - drainSeconds - SPARE_SECONDS;

/** Seconds of the longest request at the edge and the gateway: an upload or a streamed answer. */
const longestCarried = (config: Config): number => Math.max(uploadSeconds(config), streamSeconds(config));

export const serviceGrace = (config: Config, { name }: ServiceSpec): Grace =>
  grace(config.drainSeconds, name === GATEWAY ? longestCarried(config) : streamSeconds(config));

export const edgeGrace = (config: Config): Grace => grace(EDGE_DRAIN_SECONDS, longestCarried(config));

interface Work {
  readonly what: string;
  readonly seconds: number;
}

/** Every limit on how long a request of a service may run. */
function workOf(config: Config, spec: ServiceSpec): readonly Work[] {
  const { name, route, gateway } = spec;
  const settings = WORK.map((setting) => ({
    what: `${setting} of ${name}`,
    seconds: Number(settingOf(config, name, setting) ?? 0),
  }));
  return [
    {
      what: `the route ${route?.path} of ${name}`,
      seconds: route?.timeoutSeconds ?? DEFAULT_TIMEOUT_SECONDS,
    },
    {
      what: `the gateway's route ${gateway?.path} to ${name}`,
      seconds: gateway?.timeoutSeconds ?? DEFAULT_TIMEOUT_SECONDS,
    },
    ...settings,
  ];
}

/** @throws ConfigError when the kubelet would kill a pod before its last request ends. */
export function checkGrace(config: Config, services: readonly ServiceSpec[]): void {
  const { drainSeconds, terminationSeconds, edge } = config;
  const [longest] = services
    .flatMap((spec) => workOf(config, spec))
    .toSorted((a, b) => b.seconds - a.seconds);
  const needed = grace(drainSeconds, Math.ceil(longest?.seconds ?? 1)).total;
  if (terminationSeconds < needed)
    throw new ConfigError(
      'terminationSeconds',
      terminationSeconds,
      `at least ${needed}: drainSeconds (${drainSeconds}), ${longest?.seconds} s for ${longest?.what}, and ${SPARE_SECONDS} to spare`,
    );
  if (uploadSeconds(config) > MOST_SECONDS)
    throw new ConfigError(
      'edge.slowestUploadMbit',
      edge.slowestUploadMbit,
      `more, or less than ${edge.maxBodyMiB} as edge.maxBodyMiB: such an upload takes ${uploadSeconds(config)} s, and a pod may take ${MOST_SECONDS} to end`,
    );
}
