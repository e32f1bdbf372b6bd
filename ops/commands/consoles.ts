import { InvalidArgumentError } from 'commander';
import { thirdPartyImage } from '../../charts/config/images.ts';
import { databaseOf } from '../../charts/data/database.ts';
import { componentOf } from '../../charts/graph/build.ts';
import { postgresOf, REDIS } from '../../charts/graph/model.ts';
import { ANY_COMPONENT, type LivePod, mainContainer, selectComponent } from '../core/components.ts';
import { debugArguments, execArguments, psqlCommand, redisCommand } from '../core/consoles.ts';
import { needOwnDatabase, needOwnRedis } from '../core/external.ts';
import { Failure, messageOf } from '../core/failure.ts';
import { runningPodOf } from '../steps/pods.ts';
import type { Kubectl } from '../tools/kubectl.ts';
import { type ClusterOptions, liveOf, verb, withCluster } from './options.ts';

/** Whether a person types on this terminal. */
export const onTerminal = (): boolean => process.stdin.isTTY && process.stdout.isTTY;

/**
 * Runs a command in a pod's main container and returns its exit status.
 *
 * @param input standard input. @default this command's own
 */
export function terminal(
  kubectl: Kubectl,
  pod: LivePod,
  command: readonly string[],
  input?: string,
): Promise<number> {
  const flags = input === undefined && onTerminal() ? ['--stdin', '--tty'] : ['--stdin'];
  return kubectl.attach(execArguments(pod, flags, command), input);
}

/** Whether the main container's image has a shell. */
export async function hasShell(kubectl: Kubectl, pod: LivePod): Promise<boolean> {
  try {
    await kubectl.output(execArguments(pod, [], ['sh', '-c', ':']));
    return true;
  } catch (error) {
    if (/executable file not found|no such file/.test(messageOf(error))) return false;
    throw error;
  }
}

interface ShellOptions extends ClusterOptions {
  readonly command?: string;
  readonly debug?: boolean;
}

/** Starts bash where the image has it, else sh. */
const BEST_SHELL = 'command -v bash >/dev/null && exec bash || exec sh';

export const shell = withCluster(
  verb(
    'shell',
    "open a shell in a component's container, or run one command; the exit status is the shell's",
    "./platform shell analytics -c 'python --version'",
  )
    .argument('<service>', ANY_COMPONENT)
    .option('-c, --command <text>', 'run this with sh -c and end')
    .option('--debug', 'in a container of its own beside it, for images without a shell'),
).action(async (name: string, { command, debug, ...options }: ShellOptions) => {
  const live = await liveOf(options);
  const component = selectComponent('shell', live.topology, name);
  const pod = await runningPodOf(live, component);
  const script = ['sh', '-c', command ?? BEST_SHELL];
  const input = command === undefined ? undefined : '';
  if (debug) {
    // PostgreSQL's image is on every node already, and has a shell and clients.
    const image = thirdPartyImage(live.config, 'postgres');
    const terminal = input === undefined && onTerminal();
    const args = debugArguments(pod, mainContainer(pod), { image, command: script, terminal });
    process.exitCode = await live.kubectl.attach(args, input);
    return;
  }
  if (!(await hasShell(live.kubectl, pod)))
    throw new Failure(`shell: the image of ${name} has no shell`, 'add --debug for one beside it');
  process.exitCode = await terminal(live.kubectl, pod, script, input);
});

export const redis = withCluster(
  verb(
    'redis',
    "open redis-cli, or run one command; its exit status is redis-cli's",
    './platform redis -- --scan --pattern "limit:*"',
  ).argument('[command...]', 'a Redis command, or options of redis-cli after --'),
).action(async (command: readonly string[], options: ClusterOptions) => {
  const live = await liveOf(options);
  needOwnRedis('redis', live.config);
  const component = componentOf(live.topology, REDIS);
  const pod = await runningPodOf(live, component);
  process.exitCode = await terminal(
    live.kubectl,
    pod,
    redisCommand(command),
    command.length > 0 ? '' : undefined,
  );
});

interface Options extends ClusterOptions {
  readonly command?: string;
  readonly superuser?: boolean;
  readonly csv?: boolean;
}

export const database = withCluster(
  verb(
    'database',
    "open psql at a service's database, or run SQL; its exit status is psql's",
    "./platform database security -c 'select count(*) from audit_entries'",
  )
    .argument('<service>', 'service whose database it is')
    .option(
      '-c, --command <sql>',
      'run this and end; without it, and without a terminal, standard input',
      sql,
    )
    .option('--superuser', "as postgres (default: as the service's own user)")
    .option('--csv', 'rows as CSV, for scripts'),
).action(async (service: string, options: Options) => {
  const live = await liveOf(options);
  const { config, topology } = live;
  const own = topology.services.filter((spec) => spec.database);
  const spec = own.find(({ name }) => name === service);
  if (!spec?.database)
    throw new Failure(
      `database: "${service}" has no database`,
      `expected ${own.map(({ name }) => name).join(', ')}`,
    );
  needOwnDatabase('database', config, spec);
  if (config.databases.engine !== 'statefulset')
    throw new Failure(
      `database: databases.engine is ${config.databases.engine}`,
      `use kubectl cnpg psql ${postgresOf(service)}`,
    );
  const component = selectComponent('database', topology, postgresOf(service));
  const pod = await runningPodOf(live, component);
  const psql = psqlCommand(databaseOf(config, spec), options);
  process.exitCode = await terminal(live.kubectl, pod, psql, options.command);
});

function sql(text: string): string {
  if (text.trim() === '') throw new InvalidArgumentError('expected SQL such as "select 1".');
  return `${text}\n`;
}
