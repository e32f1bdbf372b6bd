/** What users may expect of each service, in data: the one table behind every objective, alert and dashboard. */
import { EDGE, GATEWAY, type Topology } from '../../graph/model.ts';

export interface Objective {
  /** Per cent of requests that must not fail by our fault (status 5xx, or no answer). */
  readonly availability: number;
  /** Per cent of requests that must be answered completely within so many seconds: a bucket of the histogram. */
  readonly latency: { readonly percent: number; readonly seconds: number };
}

/** Of a service the table does not name. */
export const DEFAULT_OBJECTIVE: Objective = {
  availability: 99.5,
  latency: { percent: 99, seconds: 1 },
};

/** By service; `traefik` is the edge as a whole. */
export const OBJECTIVES: Readonly<Record<string, Objective>> = {
  // All that users meet; its latency is that of the routes that do not stream.
  [EDGE]: { availability: 99.5, latency: { percent: 99, seconds: 1.2 } },
  [GATEWAY]: { availability: 99.5, latency: { percent: 99, seconds: 1 } },
  // A model writes for a while, and its provider fails now and then.
  'ai-assistant': { availability: 99, latency: { percent: 95, seconds: 30 } },
  // 1C answers when it can.
  'onec-integration': { availability: 99, latency: { percent: 95, seconds: 5 } },
  // Users can do nothing before they log in; a password takes its time to check.
  'user-management': { availability: 99.9, latency: { percent: 99, seconds: 1 } },
  analytics: { availability: 99.5, latency: { percent: 95, seconds: 5 } },
  security: { availability: 99.5, latency: { percent: 99, seconds: 1 } },
};

export const objectiveOf = (service: string): Objective => OBJECTIVES[service] ?? DEFAULT_OBJECTIVE;

/** What has objectives: every service, and the platform's own edge. */
export const objects = (topology: Topology): readonly string[] => [
  ...(topology.components.some(({ name }) => name === EDGE) ? [EDGE] : []),
  ...topology.services.map(({ name }) => name),
];
