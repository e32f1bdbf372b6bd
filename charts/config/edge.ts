/** How clients reach the platform: the controller, the certificate, the proxies in front of it. */
import { z } from 'zod';
import { bytes, cidr, cpu, dns1123, port, positive } from './fields.ts';

export const HTTP = 80;
export const HTTPS = 443;

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
     * Where the certificate comes from. `self-signed`: the controller makes it. `acme`: cert-manager gets it from Let's
     * Encrypt. `existing`: you create and renew the Secret `tlsSecret`, of type kubernetes.io/tls.
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
    /** Proxies and load balancers whose X-Forwarded-For is trusted. Empty: the client is the address that connects. */
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
