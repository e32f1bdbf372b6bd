/** Facts about a service's database that several charts need. */
import type { Config } from '../config/schema.ts';
import { postgresOf } from '../graph/model.ts';

export interface Database {
  readonly name: string;
  readonly user: string;
}

/** The database and user of an environment: `environmentInName` makes `ai_assistant_x_db` of `ai_assistant_db`. */
export function databaseOf(config: Config, base: Database): Database {
  const { environmentInName: part } = config.databases;
  if (part === '') return base;
  return {
    name: base.name.replace(/_db$/, `_${part}_db`),
    user: `${base.user.replace(/_user$/, '')}_${part}`,
  };
}

/** Host name of a service's PostgreSQL: the primary's, with either engine. */
export const postgresHost = (config: Config, service: string): string =>
  config.databases.engine === 'cloudnative-pg' ? `${postgresOf(service)}-rw` : postgresOf(service);

/** Folder in a server's pod with its roles' passwords: `app-password` and `superuser-password`. */
export const POSTGRES_SECRETS = '/run/secrets/postgres';

export const appSecret = (service: string): string => `${postgresOf(service)}-app`;
export const superuserSecret = (service: string): string => `${postgresOf(service)}-superuser`;
