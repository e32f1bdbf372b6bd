/** Backups of the databases: which there are, and what their jobs say. */

import type { Config } from '../../charts/config/schema.ts';
import { databaseOf } from '../../charts/data/database.ts';
import { backupOf, type ServiceSpec } from '../../charts/graph/model.ts';
import { Failure } from './failure.ts';

export interface DatabaseOfService {
  readonly service: string;
  /** Name of the database in this environment. */
  readonly database: string;
  readonly user: string;
  /** Name of its backup's CronJob and volume. */
  readonly backup: string;
}

/** The databases of the services named; all when none is. @throws Failure for a name that has none. */
export function databasesOf(
  verb: string,
  config: Config,
  services: readonly ServiceSpec[],
  names: readonly string[] = [],
): readonly DatabaseOfService[] {
  if (!config.backups.enabled)
    throw new Failure(`${verb}: backups.enabled is false in ${config.environment}`, 'enable it and apply');
  const all = services.flatMap(({ name, database }) =>
    database ? [{ service: name, ...renamed(config, database), backup: backupOf(name) }] : [],
  );
  const known = all.map(({ service }) => service);
  for (const name of names)
    if (!known.includes(name))
      throw new Failure(`${verb}: "${name}" is no service with a database`, `expected ${known.join(', ')}`);
  return names.length === 0 ? all : all.filter(({ service }) => names.includes(service));
}

function renamed(config: Config, base: { readonly name: string; readonly user: string }) {
  const { name, user } = databaseOf(config, base);
  return { database: name, user };
}

export interface Backup {
  readonly service: string;
  /** Name of its files without ending: the database, and when it was taken in UTC. */
  readonly id: string;
  readonly bytes: number;
  readonly tables: number;
  /** How long it took. */
  readonly seconds: number;
}

/** `backup of DATABASE: 123 bytes, 4 tables, /backups/ID.dump`, as backup.sh ends. */
const DONE = /^backup of \S+: (\d+) bytes, (\d+) tables, \/backups\/(\S+)\.dump$/m;

/** @throws Failure when the log does not end as that of a backup. */
export function backupFrom(service: string, log: string, seconds: number): Backup {
  const [, bytes, tables, id] = DONE.exec(log) ?? [];
  if (!id)
    throw new Failure(
      `backup of ${service}: its job ended without saying what it wrote`,
      'apply the platform anew',
    );
  return { service, id, bytes: Number(bytes), tables: Number(tables), seconds };
}
