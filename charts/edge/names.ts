/** Names by which Ingress objects, Services and the controller's dynamic configuration refer to each other. */
import { DEFAULT_TIMEOUT_SECONDS, type ServiceSpec } from '../graph/model.ts';

export const TRANSPORT_ANNOTATION = 'traefik.ingress.kubernetes.io/service.serverstransport';

/** Seconds until a service must begin its answer. */
export const timeoutOf = ({ route }: ServiceSpec): number => route?.timeoutSeconds ?? DEFAULT_TIMEOUT_SECONDS;

export const transportName = (seconds: number): string => `timeout-${seconds}s`;

/** Connection settings of a service's answers, by how long they may take to begin. */
export const transportOf = (spec: ServiceSpec): string => `${transportName(timeoutOf(spec))}@file`;

export const TLS_SECRET = 'edge-tls';
