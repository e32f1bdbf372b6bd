import { kubeObject } from '../core/objects.ts';
import { checkTools } from '../tools/check-tools.ts';
import { type ConfirmOptions, confirm } from './confirm.ts';
import { confirmation, type DeploymentOptions, liveOf, seconds, verb, withDeployment } from './options.ts';
import { line } from './print.ts';
import { showing } from './progress.ts';

interface Options extends DeploymentOptions, ConfirmOptions {
  readonly dryRun?: boolean;
  readonly timeout: number;
}

export const remove = withDeployment(
  verb(
    'remove',
    'delete an environment: its namespaces with volumes, backups and Secrets, and its cluster-scoped objects',
    './platform remove staging --context staging',
  ),
)
  .option('--timeout <seconds>', 'how long to wait until all of it is gone', seconds, 600)
  .option('--dry-run', 'only say what would be deleted')
  .addOption(confirmation())
  .addHelpText(
    'after',
    '\nWhat others may use stays: the prerequisites, and volumes of a storage class that retains them.',
  )
  .action(async (environment: string, options: Options) => {
    await checkTools(['kubectl']);
    const { kubectl } = await liveOf({ ...options, env: environment });
    const all = await kubectl.inventory(environment);
    const namespaces = all.filter(({ kind }) => kind === 'Namespace');
    const others = all.filter(
      ({ kind, metadata }) => kind !== 'Namespace' && metadata.namespace === undefined,
    );
    if (all.length === 0) return line(`${environment}: nothing of it is in ${kubectl.context}.`);
    const claims = await kubectl.objects(kubeObject, ['get', 'persistentvolumeclaims', '--all-namespaces']);
    const names = namespaces.map(({ metadata }) => metadata.name);
    const volumes = claims.filter(({ metadata }) => names.includes(metadata.namespace ?? '')).length;
    const what = `${names.join(', ')} with ${volumes} volumes: databases, backups and Secrets; and ${others.length} objects of the cluster`;
    if (options.dryRun) return line(`would delete ${what}`);
    line(`This deletes ${what}. Nothing brings them back.`);
    await confirm('remove', `Delete ${environment} in ${kubectl.context}?`, options);
    await showing(
      {},
      {
        title: `Remove ${environment}`,
        work: async (say) => {
          say(names.join(', '));
          await kubectl.remove([...namespaces, ...others]);
          for (const name of names)
            await kubectl.output([
              'wait',
              '--for=delete',
              `namespace/${name}`,
              `--timeout=${options.timeout}s`,
            ]);
        },
      },
    );
    line(`Removed ${environment}.`);
  });
