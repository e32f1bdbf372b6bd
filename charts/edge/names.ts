/** Names by which Ingress objects, Services and the controller's dynamic configuration refer to each other. */
import type { Config } from '../config/schema.ts';
import { DEFAULT_TIMEOUT_SECONDS, type ServiceSpec } from '../graph/model.ts';

const TRANSPORT_ANNOTATION = 'traefik.ingress.kubernetes.io/service.serverstransport';

/** Seconds until a service must begin its answer. */
export const timeoutOf = ({ route }: ServiceSpec): number => route?.timeoutSeconds ?? DEFAULT_TIMEOUT_SECONDS;

export const transportName = (seconds: number): string => `timeout-${seconds}s`;

/**
 * Names a Service's connection settings, by the seconds until its answers must begin. Another Traefik has no
 * such settings, and does not serve a Service that names them.
 */
export const serviceAnnotations = ({ edge }: Config, spec: ServiceSpec): Readonly<Record<string, string>> =>
  edge.controller === 'traefik' ? { [TRANSPORT_ANNOTATION]: `${transportName(timeoutOf(spec))}@file` } : {};

/** Where browsers reach the platform: as configured, else the edge's first host. No slash at its end. */
export function publicUrl({ edge, settings }: Config): string {
  if (settings.publicUrl !== '') return settings.publicUrl.replace(/\/+$/, '');
  return originOf(edge.hosts[0] ?? 'localhost', edge.httpsPort);
}

/** Origins browsers may call from: as configured, else those of the edge's hosts. */
export const corsOrigins = ({ edge, settings }: Config): string[] => [
  ...(settings.corsOrigins ?? edge.hosts.map((host) => originOf(host, edge.httpsPort))),
];

const originOf = (host: string, port: number): string => `https://${host}${port === 443 ? '' : `:${port}`}`;
