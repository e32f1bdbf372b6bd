import { InvalidArgumentError } from 'commander';
import { databaseOf } from '../../charts/data/database.ts';
import { postgresOf } from '../../charts/graph/model.ts';
import { selectComponent } from '../core/components.ts';
import { psqlCommand } from '../core/consoles.ts';
import { Failure } from '../core/failure.ts';
import { runningPodOf } from '../steps/pods.ts';
import { terminal } from '../tools/terminal.ts';
import { type ClusterOptions, liveOf, verb, withCluster } from './options.ts';

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
  if (config.databases.engine !== 'statefulset')
    throw new Failure(
      `database: databases.engine is ${config.databases.engine}`,
      `use kubectl cnpg psql ${postgresOf(service)}`,
    );
  const component = selectComponent('database', topology, postgresOf(service));
  const pod = await runningPodOf(live, component);
  const psql = psqlCommand(databaseOf(config, spec.database), options);
  process.exitCode = await terminal(live.kubectl, pod, psql, options.command);
});

function sql(text: string): string {
  if (text.trim() === '') throw new InvalidArgumentError('expected SQL such as "select 1".');
  return `${text}\n`;
}
