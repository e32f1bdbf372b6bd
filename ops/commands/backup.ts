import { bytes } from '../core/amount.ts';
import { type Backup, type DatabaseOfService, databasesOf } from '../core/backup.ts';
import { backupDatabases } from '../steps/backup.ts';
import { checkTools } from '../tools/check.ts';
import { type ClusterOptions, targetOf, verb, withCluster } from './options.ts';
import { json, line, table } from './print.ts';
import { showing } from './progress.ts';

interface Options extends ClusterOptions {
  readonly dryRun?: boolean;
  readonly json?: boolean;
}

export const backup = withCluster(
  verb(
    'backup',
    'take a backup of databases now, into the backup volumes of the cluster',
    './platform backup security user-management',
  )
    .argument('[services...]', 'services whose databases are meant (default: all)')
    .option('--dry-run', 'show what would be done')
    .option('--json', 'print the result as JSON'),
).action(async (services: readonly string[], options: Options) => {
  const target = await targetOf(options);
  const due = databasesOf('backup', target.config, target.services, services);
  if (options.dryRun) return plan(due, options);
  await checkTools(['kubectl']);
  await target.kubectl.reach();
  const backups = await showing(options, {
    title: `Back up ${due.map(({ service }) => service).join(', ')}`,
    work: (say) =>
      backupDatabases(target, services.length > 0 ? services : undefined, (service, text) =>
        say(`${service}: ${text}`),
      ),
  });
  if (options.json) json(backups);
  else print(backups);
});

function plan(due: readonly DatabaseOfService[], options: Options): void {
  if (options.json) json(due);
  else for (const { database, backup: volume } of due) line(`would dump ${database} into volume ${volume}`);
}

function print(backups: readonly Backup[]): void {
  if (backups.length === 0) line('The cluster has no database to back up.');
  else
    table(
      ['service', 'id', 'size', 'tables', 's'],
      backups.map((one) => [one.service, one.id, bytes(one.bytes), one.tables, one.seconds]),
      2,
    );
}
