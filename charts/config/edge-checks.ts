/** Checks across the fields of `edge`. */
import { ConfigError } from '../graph/error.ts';
import { HTTP, HTTPS } from './edge.ts';
import type { Config } from './schema.ts';

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
