/** How clients reach the platform: whose controller, whose certificate, which proxies stand before it. */
import { z } from 'zod';
import { ConfigError } from './error.ts';
import { bytes, cidr, cpu, dns1123, port, positive } from './fields.ts';
import type { Config } from './schema.ts';

const HTTP = 80;
const HTTPS = 443;

export const edge = z
  .strictObject({
    /**
     * `traefik`: the platform's own. `external`: the cluster has an Ingress controller; `className` names its class.
     * `gateway`: the cluster has a Gateway of the Gateway API; `gateway` names it.
     */
    controller: z.enum(['traefik', 'external', 'gateway']).default('traefik'),
    className: dns1123.default('assistants'),
    /** Put on every Ingress or HTTPRoute, for a controller that is not ours. */
    annotations: z.record(z.string(), z.string()).default({}),
    /** Where a controller that is not ours connects from: its pods, or its addresses when it is outside the cluster. */
    from: z
      .strictObject({
        namespace: dns1123.optional(),
        /** Labels of its pods. Empty: every pod of that namespace. */
        podLabels: z.record(z.string(), z.string()).default({}),
        cidrs: z.array(cidr).default([]),
      })
      .prefault({}),
    /** The Gateway that HTTPRoutes attach to. */
    gateway: z
      .strictObject({
        name: dns1123,
        namespace: dns1123,
        /** Its listener for HTTPS. @default every listener that admits the routes */
        httpsListener: dns1123.optional(),
        /** Its listener for HTTP, which redirects to HTTPS. @default no redirect from here */
        httpListener: dns1123.optional(),
      })
      .optional(),
    hosts: z
      .array(z.string().regex(/^[a-z0-9.-]+$/, 'a host name such as assistants.example.com'))
      .default([]),
    /**
     * `self-signed`: the controller's own certificate. `acme`: cert-manager with Let's Encrypt. `existing`: what is in the
     * Secret `tlsSecret`, of type kubernetes.io/tls, which somebody else creates and renews.
     */
    tls: z.enum(['self-signed', 'acme', 'existing']).default('self-signed'),
    /** Secret of the certificate, in the namespace of the services. */
    tlsSecret: dns1123.default('edge-tls'),
    acme: z
      .strictObject({
        email: z.string().default(''),
        server: z.url().default('https://acme-v02.api.letsencrypt.org/directory'),
      })
      .prefault({}),
    /** Proxies and load balancers whose word in X-Forwarded-For is believed. Empty: a client is who connects. */
    trustedProxies: z.array(cidr).default([]),
    /**
     * Which address of X-Forwarded-For is the client's, counted from its end, for proxies whose addresses cannot be
     * listed. @default the last one that is not of `trustedProxies`
     */
    proxyDepth: positive.max(10).optional(),
    /** Load balancers that name the client by the PROXY protocol. */
    proxyProtocolFrom: z.array(cidr).default([]),
    service: z.enum(['NodePort', 'LoadBalancer']).default('LoadBalancer'),
    nodePorts: z.strictObject({ http: port.default(30080), https: port.default(30443) }).prefault({}),
    /** Ports clients see; redirects and links name that of HTTPS. The Service is always on 80 and 443. */
    httpsPort: port.default(HTTPS),
    httpPort: port.default(HTTP),
    replicas: positive.default(1),
    maxBodyMiB: positive.default(100),
    /** The slowest line, in Mbit/s, on which a body of `maxBodyMiB` still arrives; a slower upload is cut. */
    slowestUploadMbit: z.number().min(0.1).max(1000).default(2),
    cpu: z.strictObject({ request: cpu, limit: cpu }).default({ request: '100m', limit: '500m' }),
    memory: z.strictObject({ request: bytes, limit: bytes }).default({ request: '64Mi', limit: '256Mi' }),
  })
  .prefault({});

/** @throws ConfigError for fields of the edge that contradict each other. */
export function checkEdge(config: Config): void {
  checkCertificate(config);
  checkController(config);
  checkProxies(config);
}

function checkCertificate({ edge: { tls, hosts, acme, httpPort, httpsPort } }: Config): void {
  if (tls !== 'acme') return;
  if (hosts.length === 0)
    throw new ConfigError('edge.hosts', hosts, 'at least one host, because edge.tls is acme');
  if (!acme.email.includes('@'))
    throw new ConfigError('edge.acme.email', acme.email, 'an e-mail address, because edge.tls is acme');
  for (const [field, value, wanted] of [
    ['edge.httpPort', httpPort, HTTP],
    ['edge.httpsPort', httpsPort, HTTPS],
  ] as const)
    if (value !== wanted)
      throw new ConfigError(
        field,
        value,
        `${wanted}, because edge.tls is acme: HTTP-01 challenges come there`,
      );
}

function checkController(config: Config): void {
  checkGateway(config);
  checkFrom(config);
  const { controller, proxyProtocolFrom } = config.edge;
  if (controller !== 'traefik' && proxyProtocolFrom.length > 0)
    throw new ConfigError(
      'edge.proxyProtocolFrom',
      proxyProtocolFrom,
      `nothing, because edge.controller is ${controller}: it is set at the controller`,
    );
}

function checkGateway({ edge: { controller, gateway, tls } }: Config): void {
  if (controller !== 'gateway') {
    if (gateway) throw new ConfigError('edge.controller', controller, 'gateway, because edge.gateway is set');
    return;
  }
  if (!gateway)
    throw new ConfigError('edge.gateway', gateway, 'a Gateway, because edge.controller is gateway');
  if (tls === 'acme' && !gateway.httpListener)
    throw new ConfigError(
      'edge.gateway.httpListener',
      gateway.httpListener,
      'a listener for HTTP, because edge.tls is acme: HTTP-01 challenges come there',
    );
}

function checkFrom({ edge: { controller, from } }: Config): void {
  const named = from.namespace !== undefined || from.cidrs.length > 0;
  if (controller === 'traefik' && named)
    throw new ConfigError('edge.controller', controller, 'external or gateway, because edge.from is set');
  if (controller !== 'traefik' && !named)
    throw new ConfigError(
      'edge.from.namespace',
      from.namespace,
      `the namespace of the controller's pods, or their ranges in edge.from.cidrs, because edge.controller is ${controller}`,
    );
  if (from.namespace === undefined && Object.keys(from.podLabels).length > 0)
    throw new ConfigError(
      'edge.from.namespace',
      from.namespace,
      'a namespace, because edge.from.podLabels is set',
    );
}

function checkProxies({ edge: { proxyDepth, trustedProxies } }: Config): void {
  if (proxyDepth !== undefined && trustedProxies.length === 0)
    throw new ConfigError(
      'edge.trustedProxies',
      trustedProxies,
      'at least one range, because edge.proxyDepth is set',
    );
}
