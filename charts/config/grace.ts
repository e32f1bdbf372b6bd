/**
 * How long pods that serve requests may take to end: a drain, in which requests still come; the longest thing that may be open
 * then; some to spare. Whoever carries a request may take at least as long as the one behind it.
 */

import { ConfigError } from '../graph/error.ts';
import type { ServiceSpec } from '../graph/model.ts';
import { DEFAULT_TIMEOUT_SECONDS, GATEWAY } from '../graph/model.ts';
import type { Config } from './schema.ts';
import { settingOf } from './service-settings.ts';

/** Between a program's own end and the kubelet's kill. */
const SPARE_SECONDS = 5;
/** Traefik goes on accepting: as long as endpoints and load balancers take to hear that a pod leaves. */
const EDGE_DRAIN_SECONDS = 10;
/** A request may wait for its first byte on top of its upload. */
const SPARE_UPLOAD_SECONDS = 60;
/** The longest a service takes as SHUTDOWN_TIMEOUT_SECONDS. */
const MOST_SECONDS = 3600;
/** Settings that say how long a request of theirs may be at work. */
const WORK = [
  'AI_STREAM_SECONDS',
  'AI_TIMEOUT_SECONDS',
  'ONEC_TIMEOUT_SECONDS',
  'RENDER_TIMEOUT_SECONDS',
  'DATABASE_COMMAND_TIMEOUT_SECONDS',
] as const;

/** The seconds a pod has after it was told to stop. */
export interface Grace {
  /** It is not ready any more, and still accepts requests. */
  readonly drain: number;
  /** It finishes what is open, and ends by itself. */
  readonly finish: number;
  /** The kubelet kills it. */
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

/** Seconds an answer may take when it streams: what `terminationSeconds` leaves. */
export const streamSeconds = ({ terminationSeconds, drainSeconds }: Config): number =>
  terminationSeconds - drainSeconds - SPARE_SECONDS;

/** Seconds of the longest thing the edge and the gateway carry: an upload, or an answer that streams. */
const longestCarried = (config: Config): number => Math.max(uploadSeconds(config), streamSeconds(config));

export const serviceGrace = (config: Config, { name }: ServiceSpec): Grace =>
  grace(config.drainSeconds, name === GATEWAY ? longestCarried(config) : streamSeconds(config));

export const edgeGrace = (config: Config): Grace => grace(EDGE_DRAIN_SECONDS, longestCarried(config));

interface Work {
  readonly what: string;
  readonly seconds: number;
}

/** What a request of a service may take, by all that limits it. */
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

/** @throws ConfigError when a pod would be killed before what it does is over. */
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
