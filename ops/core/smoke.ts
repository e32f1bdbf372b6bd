/** What a release is asked when it is rolled out, and what it must answer. */
import type { Config } from '../../charts/config/schema.ts';
import type { ServiceSpec } from '../../charts/graph/model.ts';

export interface Probe {
  readonly service: string;
  readonly path: string;
  /** The whole service must be well; otherwise it is enough that the service answers, not the edge for it. */
  readonly healthy: boolean;
}

/** Below routes that keep their prefix there is nothing at this path: the service says so, as it does of every path. */
const NOTHING = 'smoke-test';

/** One request a route of the edge. */
export const probesThroughEdge = (services: readonly ServiceSpec[]): readonly Probe[] =>
  services.flatMap(({ name, route }) => {
    if (!route) return [];
    const healthy = route.stripPrefix !== false;
    return [{ service: name, path: `${route.path}/${healthy ? 'health' : NOTHING}`, healthy }];
  });

export interface Answer {
  readonly status: number;
  readonly text: string;
}

/** Why an answer is not what a release that works gives; nothing when it is. */
export function complaint({ service, path, healthy }: Probe, { status, text }: Answer): string | undefined {
  const from = parsed(text);
  const excerpt = text.replaceAll(/\s+/g, ' ').slice(0, 120);
  if (healthy) {
    if (status === 200 && from?.service === service) return undefined;
    return `${path}: expected 200 of ${service}, got ${status} ${excerpt}`;
  }
  // A problem document (RFC 9457) with the id of the request is the service's own.
  if (status < 500 && from?.request_id !== undefined) return undefined;
  return `${path}: expected an answer of ${service}, got ${status} ${excerpt}`;
}

function parsed(text: string): { readonly service?: unknown; readonly request_id?: unknown } | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? value : undefined;
  } catch {
    return undefined;
  }
}

/** Name requests through the edge are sent to. */
export const edgeHost = ({ edge }: Config): string => edge.hosts[0] ?? 'localhost';
