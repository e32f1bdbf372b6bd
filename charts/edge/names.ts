/** Names by which Ingress objects, Services and the controller's dynamic configuration refer to each other. */
import type { ServiceSpec } from '../graph/model.ts';

export const TRANSPORT_ANNOTATION = 'traefik.ingress.kubernetes.io/service.serverstransport';

/** Connection settings of a service's answers, by how long they may take to begin. */
export const transportOf = (spec: ServiceSpec): string => `timeout-${spec.route?.timeoutSeconds ?? 30}s@file`;

export const TLS_SECRET = 'edge-tls';
