/** Which setting names a place outside the cluster, and which entry of `egress` opens the way there. */
import { BlockList, isIP } from 'node:net';
import { ConfigError } from '../graph/error.ts';
import { notifies } from './monitoring.ts';
import { NOT_PUBLIC } from './network.ts';
import { BY_HTTP, hasProxy } from './outside.ts';
import type { Config } from './schema.ts';

type Egress = Exclude<keyof Config['egress'], 'dns'>;

export interface Destination {
  /** Field of the configuration. */
  readonly setting: string;
  readonly egress: Egress;
  /** Value of the field; empty when it is not set. */
  readonly value: (config: Config) => string;
  /** Host and port of the destination; undefined when only a Secret holds them. */
  readonly place: (config: Config) => Endpoint | undefined;
}

interface Endpoint {
  readonly host: string;
  readonly port: number;
}

const PORTS: Readonly<Record<string, number>> = { 'http:': 80, 'https:': 443 };

function endpointOf(address: string): Endpoint | undefined {
  if (!URL.canParse(address)) return undefined;
  const { hostname, port, protocol } = new URL(address);
  return {
    host: hostname.replace(/^\[(.*)\]$/, '$1'),
    port: port === '' ? (PORTS[protocol] ?? 443) : Number(port),
  };
}

const url = (setting: string, egress: Egress, value: (config: Config) => string): Destination => ({
  setting,
  egress,
  value,
  place: (config) => endpointOf(value(config)),
});

export const DESTINATIONS: readonly Destination[] = [
  url('settings.openaiBaseUrl', 'model-providers', ({ settings }) => settings.openaiBaseUrl),
  url('settings.anthropicBaseUrl', 'model-providers', ({ settings }) => settings.anthropicBaseUrl),
  url('settings.onecServerUrl', 'onec-server', ({ settings }) => settings.onecServerUrl),
  url('settings.oidcIssuer', 'identity-provider', ({ settings }) => settings.oidcIssuer),
  {
    setting: 'settings.smtpHost',
    egress: 'smtp',
    value: ({ settings }) => settings.smtpHost,
    place: ({ settings }) => ({ host: settings.smtpHost, port: settings.smtpPort }),
  },
  url('monitoring.remoteWrite.url', 'remote-write', ({ monitoring }) => monitoring.remoteWrite.url),
  url('logging.snapshots.endpoint', 'object-store', ({ logging }) => logging.snapshots?.endpoint ?? ''),
  url('proxy.httpProxy', 'proxy', ({ proxy }) => proxy.httpProxy),
  url('proxy.httpsProxy', 'proxy', ({ proxy }) => proxy.httpsProxy),
  {
    setting: 'monitoring.alertmanager.routes',
    egress: 'webhook',
    value: (config) => (notifies(config, 'webhook') ? 'webhook' : ''),
    place: () => undefined,
  },
];

/** Ports of an entry of `egress`: those it names, and those of the settings that use it. */
export function egressPorts(config: Config, egress: Egress): readonly number[] {
  const derived = DESTINATIONS.filter((one) => one.egress === egress && one.value(config) !== '').flatMap(
    ({ place }) => place(config)?.port ?? [],
  );
  return [...new Set([...config.egress[egress].ports, ...derived])];
}

/**
 * @throws ConfigError naming both fields, when the entry of `egress` for a setting does not open its
 * destination. Traffic through a proxy needs no entry of its own. With `pods`, the address is a Service's, so
 * no range can contain it.
 */
export function checkDestinations(config: Config): void {
  for (const { setting, egress, value, place } of DESTINATIONS) {
    const text = value(config);
    if (text === '' || (hasProxy(config) && BY_HTTP.includes(egress))) continue;
    const { cidrs, pods } = config.egress[egress];
    const field = `egress.${egress}.cidrs`;
    if (cidrs.length + pods.length === 0)
      throw new ConfigError(field, cidrs, `a range that has ${setting} (${text}), or egress.${egress}.pods`);
    const host = place(config)?.host ?? '';
    if (isIP(host) !== 0 && pods.length === 0 && !covered(host, cidrs))
      throw new ConfigError(setting, text, `an address in ${field} (${cidrs.join(', ')})`);
  }
}

const versionOf = (address: string): 'ipv4' | 'ipv6' => (isIP(address) === 6 ? 'ipv6' : 'ipv4');

const listOf = (cidrs: readonly string[]): BlockList => {
  const list = new BlockList();
  for (const cidr of cidrs) {
    const [network = '', prefix = ''] = cidr.split('/');
    list.addSubnet(network, Number(prefix), versionOf(network));
  }
  return list;
};

/** Whether one of the ranges opens the way to an address. */
export const covered = (address: string, cidrs: readonly string[]): boolean =>
  cidrs.some(
    (cidr) =>
      listOf([cidr]).check(address, versionOf(address)) &&
      !listOf(NOT_PUBLIC[cidr] ?? []).check(address, versionOf(address)),
  );
