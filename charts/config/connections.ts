/**
 * How many connections a database must accept at its peak: a rollout replaces every pod of the service, a
 * backup runs and people query the database. A terminating pod keeps its pool until it has answered its last
 * request.
 */

import { ConfigError } from '../graph/error.ts';
import type { ServiceSpec } from '../graph/model.ts';
import { addressOf, serverOf } from './external.ts';
import { bytesOf } from './quantity.ts';
import { mostReplicas, mostReplicasEver, SURGE } from './scale.ts';
import type { Config } from './schema.ts';

const MIB = 2 ** 20;
/** Health check and outbox have their own (assistants_common/database.py, build_control_engine). */
export const CONTROL_CONNECTIONS = 2;
/** Connection limit of the exporter's role. */
export const EXPORTER_CONNECTIONS = 5;
/** PostgreSQL's default of `superuser_reserved_connections`, which services can never take. */
const RESERVED_CONNECTIONS = 3;
/** A release's migration Job: one connection migrates, one watches the lock. */
const MIGRATION_CONNECTIONS = 2;
/** The session that holds the snapshot, and pg_dump. */
const BACKUP_CONNECTIONS = 2;
/** One restore, import or test at a time. */
const JOB_CONNECTIONS = 2;
/** `./platform database` in two terminals. */
const PEOPLE_CONNECTIONS = 2;
/** The operator's instance manager in each instance. */
const INSTANCE_MANAGER_CONNECTIONS = 3;
/** Bytes of memory a connection holds after it has run some queries. */
const CONNECTION_BYTES = 2 * MIB;

/** Share of a server's memory for its buffers. */
export const BUFFERS_SHARE = 1 / 4;

interface ConnectionBudget {
  readonly service: string;
  /** Most pods while no rollout runs. */
  readonly pods: number;
  /** Connections of one pod. */
  readonly each: number;
  readonly atRest: number;
  /** A rollout has added one pod, and no pod has left yet. */
  readonly withSurge: number;
  /** A rollout has replaced every pod, and the old pods still drain. */
  readonly withDraining: number;
}

export function connectionBudget(config: Config, service: string): ConnectionBudget {
  const { pool, engine } = config.databases;
  const pods = engine === 'external' ? mostReplicas(config, service) : mostReplicasEver(config, service);
  const each = pool.size + pool.overflow + CONTROL_CONNECTIONS;
  const others =
    EXPORTER_CONNECTIONS +
    MIGRATION_CONNECTIONS +
    BACKUP_CONNECTIONS +
    JOB_CONNECTIONS +
    PEOPLE_CONNECTIONS +
    RESERVED_CONNECTIONS +
    (engine === 'cloudnative-pg' ? INSTANCE_MANAGER_CONNECTIONS : 0);
  return {
    service,
    pods,
    each,
    atRest: pods * each + others,
    withSurge: (pods + SURGE) * each + others,
    withDraining: (2 * pods + SURGE) * each + others,
  };
}

/** `max_connections` of the database of a service. */
export const maxConnections = (config: Config, service: string): number =>
  config.databases.maxConnections ?? connectionBudget(config, service).withDraining;

/** @throws ConfigError when a database has too few connections, or too little memory, for a rollout. */
export function checkConnections(config: Config, services: readonly ServiceSpec[]): void {
  const { memory, maxConnections: limit } = config.databases;
  const budgets = services
    .filter(({ database }) => database)
    .map(({ name }) => connectionBudget(config, name));
  if (config.databases.engine === 'external') {
    checkServers(config, budgets);
    return;
  }
  for (const { service, withDraining, pods, each } of budgets) {
    if (limit !== undefined && limit < withDraining)
      throw new ConfigError(
        'databases.maxConnections',
        limit,
        `at least ${withDraining}: a rollout of ${service} has ${pods} new pods, ${pods} that drain and ${SURGE} more, of ${each} connections each`,
      );
    const connections = maxConnections(config, service);
    const needed = Math.ceil((connections * CONNECTION_BYTES) / (1 - BUFFERS_SHARE) / MIB);
    if (bytesOf(memory.limit) < needed * MIB)
      throw new ConfigError(
        'databases.memory.limit',
        memory.limit,
        `at least ${needed}Mi: ${service} may have ${connections} connections of ${CONNECTION_BYTES / MIB}Mi beside the buffers`,
      );
  }
}

/** Databases may share an external server. */
function checkServers(config: Config, budgets: readonly ConnectionBudget[]): void {
  const servers = budgets.flatMap((budget) => {
    const server = serverOf(config, budget.service);
    if (!server) return [];
    const own = config.services[budget.service]?.database?.maxConnections !== undefined;
    const field = `${own ? `services.${budget.service}.database` : 'databases.external'}.maxConnections`;
    return [{ ...budget, address: addressOf(server), limit: server.maxConnections, field }];
  });
  for (const { address, limit, field } of servers) {
    const here = servers.filter((one) => one.address === address);
    const needed = here.reduce((sum, { withDraining }) => sum + withDraining, 0);
    const names = here.map(({ service }) => service).join(', ');
    const expected = `at least ${needed}: rollouts of ${names} ask that much of ${address} together`;
    if (limit < needed) throw new ConfigError(field, limit, expected);
  }
}

/** The budgets of an environment as a table. */
export function connectionsTable(
  config: Config,
  services: readonly ServiceSpec[],
): readonly (readonly string[])[] {
  return services
    .filter(({ database }) => database)
    .map(({ name }) => {
      const { pods, each, atRest, withSurge, withDraining } = connectionBudget(config, name);
      return [name, pods, each, atRest, withSurge, withDraining, maxConnections(config, name)].map(String);
    });
}
