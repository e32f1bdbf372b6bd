/** What users may expect of each service: all objectives, alerts and dashboards derive from this table. */
import { EDGE, GATEWAY, type Topology } from '../../graph/model.ts';

export interface Objective {
  /** Per cent of requests that must not fail by our fault (status 5xx, or no answer). */
  readonly availability: number;
  /** Per cent of requests that must be answered completely within so many seconds: a bucket of the histogram. */
  readonly latency: { readonly percent: number; readonly seconds: number };
}

/** The objective of a service the table does not name. */
export const DEFAULT_OBJECTIVE: Objective = {
  availability: 99.5,
  latency: { percent: 99, seconds: 1 },
};

/** By service; `traefik` is the edge as a whole. */
export const OBJECTIVES: Readonly<Record<string, Objective>> = {
  // Everything users reach; its latency covers only routes that do not stream.
  [EDGE]: { availability: 99.5, latency: { percent: 99, seconds: 1.2 } },
  [GATEWAY]: { availability: 99.5, latency: { percent: 99, seconds: 1 } },
  // A model takes a while to write, and its provider fails now and then.
  'ai-assistant': { availability: 99, latency: { percent: 95, seconds: 30 } },
  // The platform cannot make 1C answer faster.
  'onec-integration': { availability: 99, latency: { percent: 95, seconds: 5 } },
  // Users can do nothing before they log in; checking a password takes a while.
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
