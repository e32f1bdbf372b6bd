/** Checks across the fields of `edge`. */
import { HTTP, HTTPS } from './edge.ts';
import type { Config } from './schema.ts';
import { invalid } from './values.ts';

/** @throws ConfigError for fields of the edge that contradict each other. */
export function checkEdge(config: Config): void {
  checkCertificate(config);
  checkGateway(config);
  checkFrom(config);
  checkProxies(config);
}

const CHALLENGES = 'because edge.tls is acme: HTTP-01 challenges come there';

function checkCertificate(config: Config): void {
  const { tls, hosts, acme, httpPort, httpsPort } = config.edge;
  if (tls !== 'acme') return;
  if (hosts.length === 0) throw invalid(config, 'edge.hosts', 'at least one host, because edge.tls is acme');
  if (!acme.email.includes('@'))
    throw invalid(config, 'edge.acme.email', 'an e-mail address, because edge.tls is acme');
  if (httpPort !== HTTP) throw invalid(config, 'edge.httpPort', `${HTTP}, ${CHALLENGES}`);
  if (httpsPort !== HTTPS) throw invalid(config, 'edge.httpsPort', `${HTTPS}, ${CHALLENGES}`);
}

function checkGateway(config: Config): void {
  const { controller, gateway, tls } = config.edge;
  if (controller !== 'gateway' && gateway)
    throw invalid(config, 'edge.controller', 'gateway, because edge.gateway is set');
  if (controller !== 'gateway') return;
  if (!gateway) throw invalid(config, 'edge.gateway', 'a Gateway, because edge.controller is gateway');
  if (tls === 'acme' && !gateway.httpListener)
    throw invalid(config, 'edge.gateway.httpListener', `a listener for HTTP, ${CHALLENGES}`);
}

function checkFrom(config: Config): void {
  const { controller, from } = config.edge;
  const named = from.namespace !== undefined || from.cidrs.length > 0;
  if (controller === 'traefik' && named)
    throw invalid(config, 'edge.controller', 'external or gateway, because edge.from is set');
  if (controller !== 'traefik' && !named)
    throw invalid(
      config,
      'edge.from.namespace',
      `the namespace of the controller's pods, or their ranges in edge.from.cidrs, because edge.controller is ${controller}`,
    );
  if (from.namespace === undefined && Object.keys(from.podLabels).length > 0)
    throw invalid(config, 'edge.from.namespace', 'a namespace, because edge.from.podLabels is set');
}

function checkProxies(config: Config): void {
  const { controller, proxyDepth, proxyProtocolFrom, trustedProxies } = config.edge;
  if (controller !== 'traefik' && proxyProtocolFrom.length > 0)
    throw invalid(
      config,
      'edge.proxyProtocolFrom',
      `nothing, because edge.controller is ${controller}: it is set at the controller`,
    );
  if (proxyDepth !== undefined && trustedProxies.length === 0)
    throw invalid(config, 'edge.trustedProxies', 'at least one range, because edge.proxyDepth is set');
}
