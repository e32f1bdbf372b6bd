/** PostgreSQL and Redis that others run, such as a managed service: where they are and how they are trusted. */
import { isIP, isIPv6 } from 'node:net';
import type { z } from 'zod';
import type { Outside, ServiceSpec } from '../graph/model.ts';
import { covered } from './destinations.ts';
import type { bundle } from './fields.ts';
import type { Config } from './schema.ts';
import { invalid } from './values.ts';

export interface External extends Outside {
  readonly host: string;
  readonly sslMode: 'disable' | 'require' | 'verify-full';
  /** Only where the certificate is verified. */
  readonly ca?: z.output<typeof bundle>;
  readonly maxConnections: number;
}
const NOWHERE = { host: '', cidrs: [], pods: [] } as const;
const DEFAULTS: External = { ...NOWHERE, port: 5432, sslMode: 'verify-full', maxConnections: 100 };

/** With `require`, libpq would verify by an authority that is there. */
const trusting = ({ ca, ...rest }: External): External =>
  ca && rest.sslMode === 'verify-full' ? { ...rest, ca } : rest;

/** The external server of a service's database; undefined when the platform runs it. */
export function serverOf({ databases, services }: Config, service: string): External | undefined {
  const { name: _name, user: _user, ...own } = services[service]?.database ?? {};
  return databases.engine === 'external'
    ? trusting({ ...DEFAULTS, ...databases.external, ...own })
    : undefined;
}

/** The external Redis; undefined when the platform runs it. */
export function redisServerOf({ redis }: Config): External | undefined {
  const { tls = true, ...external } = redis.external ?? {};
  const sslMode = tls ? 'verify-full' : 'disable';
  return redis.engine === 'external'
    ? trusting({ ...DEFAULTS, port: 6379, sslMode, ...external })
    : undefined;
}

/** Host and port, as clients write them. */
export const addressOf = ({ host, port }: Pick<External, 'host' | 'port'>): string =>
  `${isIPv6(host) ? `[${host}]` : host}:${port}`;

/** @throws ConfigError for an external server that pods cannot reach or verify, and for settings that have no effect. */
export function checkExternal(config: Config, services: readonly ServiceSpec[]): void {
  for (const field of ['databases', 'redis'] as const) {
    const { engine, external } = config[field];
    if (external && engine !== 'external')
      throw invalid(config, `${field}.engine`, `external, because ${field}.external is set`);
  }
  const { engine, walArchive, maxConnections } = config.databases;
  if (engine === 'external' && (walArchive ?? maxConnections) !== undefined)
    throw invalid(
      config,
      `databases.${walArchive ? 'walArchive' : 'maxConnections'}`,
      'nothing with engine external',
    );
  for (const spec of services) checkDatabase(config, spec);
  checkServer(config, 'redis.external', redisServerOf(config));
}

function checkDatabase(config: Config, { name, database }: ServiceSpec): void {
  const field = `services.${name}.database`;
  const own = config.services[name]?.database;
  const server = database && serverOf(config, name);
  if (own && !server) throw invalid(config, field, 'nothing: it has no database on an external server');
  checkServer(config, own ? field : 'databases.external', server);
}

function checkServer(config: Config, field: string, server: External | undefined): void {
  if (!server) return;
  const { host, cidrs, pods, ca, sslMode } = server;
  if (host === '') throw invalid(config, `${field}.host`, 'the name or address of the server');
  const ranges = `the ranges ${host} answers from, such as 10.20.0.0/24: NetworkPolicies know no names`;
  if (cidrs.length + pods.length === 0)
    throw invalid(config, `${field}.cidrs`, `${ranges} (or ${field}.pods, in this cluster)`);
  if (isIP(host) !== 0 && pods.length === 0 && !covered(host, cidrs))
    throw invalid(config, `${field}.host`, `an address in ${field}.cidrs (${cidrs.join(', ')})`);
  if (sslMode === 'verify-full' && Boolean(ca?.configMap) === Boolean(ca?.secret))
    throw invalid(config, `${field}.ca`, `a configMap or a secret with ${host}'s authority`);
}
