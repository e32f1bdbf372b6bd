import type { DatabaseOfService } from '../core/backup.ts';
import { Failure } from '../core/failure.ts';
import { importFiles, inspect, type Source } from '../steps/import.ts';
import { begunRestore, checkEngine } from '../steps/restore.ts';
import type { Target } from '../steps/target.ts';
import { listBackups } from '../steps/volume.ts';
import { checkTools } from '../tools/check-tools.ts';
import { type ConfirmOptions, confirm } from './confirm.ts';
import { type ClusterOptions, confirmation, targetOf, verb, withCluster } from './options.ts';
import { json, line } from './print.ts';
import { showing } from './progress.ts';
import { databaseOf, restoreChosen } from './restore.ts';

interface Options extends ClusterOptions, ConfirmOptions {
  readonly from: string;
  readonly database?: string;
  readonly dryRun?: boolean;
  readonly json?: boolean;
}

export const importVerb = withCluster(
  verb(
    'import',
    "replace a service's database by a dump or a data directory from elsewhere, such as a volume of Docker Compose",
    './platform import ai-assistant --from ai-assistant-volume.tar',
  )
    .argument('<service>', 'service whose database is meant')
    .requiredOption('--from <path>', 'dump (custom format or SQL), or data directory (folder or tar archive)')
    .option('--database <name>', 'its name in there (default: that of the service)')
    .option('--dry-run', 'find out what the files are, and show what would be done')
    .option('--json', 'print the result as JSON')
    .addOption(confirmation()),
).action(async (service: string, options: Options) => {
  const target = await targetOf(options);
  const database = databaseOf('import', target, service);
  checkEngine('import', target);
  const source = await inspect(options.from);
  const plan = `Reads ${KINDS[source.kind]} in a pod of its own, stores it as a backup of ${service}, and restores that.`;
  if (options.dryRun) {
    if (options.json) json({ service, from: source.path, kind: source.kind, plan });
    else line(plan);
    return;
  }
  await checkTools(['kubectl']);
  await target.kubectl.reach();
  await refuseBegun(target, service);
  if (!options.json) line(plan);
  await confirm(
    'import',
    `Replace ${database.database} of ${options.env} at ${target.kubectl.context}?`,
    options,
  );
  await replace(target, database, source, options);
});

const KINDS = {
  custom: 'a dump of pg_dump',
  plain: 'SQL',
  data: 'a data directory of PostgreSQL',
} as const;

async function refuseBegun(target: Target, service: string): Promise<void> {
  const begun = await begunRestore(target, service);
  if (begun)
    throw new Failure(
      `import: a restore of ${service} was begun at ${begun.begunAt} and has not ended`,
      `end it first with ./platform restore ${service}`,
    );
}

async function replace(
  target: Target,
  database: DatabaseOfService,
  source: Source,
  options: Options,
): Promise<void> {
  const { service } = database;
  // Docker Compose used the name in the topology, not this environment's name.
  const base = target.services.find(({ name }) => name === service)?.database;
  const names = options.database ? [options.database] : [database.database, base?.name ?? database.database];
  const roles = [database.user, base?.user ?? database.user];
  const { id } = await showing(options, {
    title: `Read ${options.from}`,
    work: (report) =>
      importFiles(target, database, source, {
        names: [...new Set(names)],
        roles: [...new Set(roles)],
        report,
      }),
  });
  const chosen = (await listBackups(target, [database])).find((one) => one.id === id);
  if (!chosen) throw new Failure(`import: ${id} is not in the volume`);
  await restoreChosen(target, database, chosen, undefined, {
    ...options,
    from: id,
    safetyBackup: true,
    yes: true,
  });
}
