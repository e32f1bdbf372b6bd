/** What bringing up the local cluster would do, said without doing it. */
import { prerequisites } from '../../charts/config/prerequisites.ts';
import type { LocalCluster } from '../tools/kind.ts';
import { buildList } from './images.ts';
import type { Target } from './target.ts';

export interface LocalPlan {
  /** Whether images are built. */
  readonly build: boolean;
  /** Whether only cluster, images and prerequisites are brought. @default false */
  readonly prepareOnly?: boolean;
  /** How long everything may take to get ready. */
  readonly timeout?: number;
}

/** Lines in the order of the steps. Nothing but the list of clusters is asked for. */
export async function localPlan(
  { config, services, wanted }: Target,
  local: LocalCluster,
  { build, prepareOnly = false, timeout }: LocalPlan,
): Promise<readonly string[]> {
  const cluster = (await local.exists())
    ? `would start the nodes of ${local.name} that are stopped`
    : `would create the kind cluster ${local.name}`;
  const { builds } = buildList({ config, services });
  const lines = [
    cluster,
    ...(build ? builds.map(({ reference }) => `would build ${reference}`) : []),
    `would install what is missing of ${prerequisites(config).join(', ')}`,
    'would load the images that are here and not in the nodes',
  ];
  if (prepareOnly) return lines;
  return [
    ...lines,
    `would make the Secrets that are missing and apply what differs of ${wanted.length} objects`,
    'would restart what runs an older image',
    `would wait until everything is ready${timeout === undefined ? '' : `, at most ${timeout} s`}`,
  ];
}
