/** Commands that run in pods. They read passwords from mounted files, so no argument contains one. */
import { POSTGRES_SECRETS } from '../../charts/data/database.ts';
import { REDIS_PASSWORD_FILE } from '../../charts/data/redis.ts';
import { PORTS } from '../../charts/graph/model.ts';
import { type LivePod, mainContainer } from './components.ts';

export interface PsqlOptions {
  /** As `postgres`. @default the service's own user */
  readonly superuser?: boolean;
  /** Rows as CSV. @default a table */
  readonly csv?: boolean;
}

/** Arguments of kubectl for a command in a pod's main container. */
export const execArguments = (
  pod: LivePod,
  flags: readonly string[],
  command: readonly string[],
): readonly string[] => [
  'exec',
  ...flags,
  `--namespace=${pod.metadata.namespace}`,
  pod.metadata.name,
  `--container=${mainContainer(pod)}`,
  '--',
  ...command,
];

const script = (...lines: readonly string[]): readonly string[] => ['sh', '-euc', lines.join('\n')];
const quoted = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`;

/** psql in the pod of the database's server. The first failing statement ends it, unless a person types. */
export function psqlCommand(
  { name, user }: { readonly name: string; readonly user: string },
  { superuser = false, csv = false }: PsqlOptions,
): readonly string[] {
  const [role, file] = superuser ? ['postgres', 'superuser-password'] : [user, 'app-password'];
  const psql = [
    'psql',
    '--host=127.0.0.1',
    `--port=${PORTS.postgres}`,
    `--username=${quoted(role)}`,
    `--dbname=${quoted(name)}`,
    ...(csv ? ['--csv'] : []),
    '--set=ON_ERROR_STOP=$stop',
    '--no-psqlrc',
  ].join(' ');
  return script(
    `PGPASSWORD=$(head -n 1 ${POSTGRES_SECRETS}/${file}) PSQL_HISTORY=/dev/null`,
    'export PGPASSWORD PSQL_HISTORY',
    'stop=1; if [ -t 0 ]; then stop=0; fi',
    `exec ${psql}`,
  );
}

/** redis-cli in such a script; `-e` makes an error reply its exit status. */
export const REDIS_CLI = `redis-cli -e -h 127.0.0.1 -p ${PORTS.redis}`;

/** A script in Redis's pod, where {@link REDIS_CLI} is logged in. */
export const redisScript = (...lines: readonly string[]): readonly string[] =>
  script(
    `REDISCLI_AUTH=$(head -n 1 ${REDIS_PASSWORD_FILE}) REDISCLI_HISTFILE=/dev/null`,
    'export REDISCLI_AUTH REDISCLI_HISTFILE',
    ...lines,
  );

/** redis-cli, with its arguments. */
export const redisCommand = (args: readonly string[]): readonly string[] => [
  ...redisScript(`exec ${REDIS_CLI} "$@"`),
  'redis-cli',
  ...args,
];

export interface DebugOptions {
  readonly image: string;
  readonly command: readonly string[];
  /** A person types. */
  readonly terminal: boolean;
}

/** Arguments of kubectl for a container with a shell, beside a container without one. */
export const debugArguments = (
  { metadata }: LivePod,
  container: string,
  { image, command, terminal }: DebugOptions,
): readonly string[] => [
  'debug',
  '--stdin',
  ...(terminal ? ['--tty'] : []),
  metadata.name,
  `--namespace=${metadata.namespace}`,
  `--target=${container}`,
  `--image=${image}`,
  '--image-pull-policy=IfNotPresent',
  '--profile=restricted',
  '--quiet',
  '--',
  ...command,
];
