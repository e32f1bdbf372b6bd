import { newestFirst, type Release } from '../core/release.ts';
import { readReleases } from '../steps/releases.ts';
import { type DeploymentOptions, liveOf, verb, withDeployment } from './options.ts';
import { json, line, table } from './print.ts';

interface Options extends DeploymentOptions {
  readonly json?: boolean;
}

export const history = withDeployment(
  verb('history', 'list the releases of an environment, the newest first', './platform history production'),
)
  .option('--json', 'print the releases as JSON')
  .action(async (environment: string, options: Options) => {
    const live = await liveOf({ ...options, env: environment });
    const releases = newestFirst(await readReleases(live));
    if (options.json) return json(releases);
    if (releases.length === 0) return line(`${environment} has no release yet.`);
    table(
      ['release', 'status', 'began', 's', 'what', 'source', 'changes', 'migrations', 'reason'],
      releases.map(cells),
    );
  });

const cells = (release: Release): readonly (string | number)[] => [
  release.revision,
  release.status,
  release.startedAt.replace(/\.\d+Z$/, 'Z'),
  release.seconds ?? '',
  release.action,
  release.source,
  release.changes.created + release.changes.updated + release.changes.pruned,
  Object.entries(release.migrations)
    .map(([service, { after }]) => `${service} ${after}`)
    .join(', '),
  (release.reason ?? '').slice(0, 60),
];
