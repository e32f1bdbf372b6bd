/** Which cluster a command uses. The command always names it and ignores kubectl's current context. */
import { load } from 'js-yaml';
import { z } from 'zod';
import type { Config } from '../../charts/config/schema.ts';
import { withConsole } from '../../charts/edge/access.ts';
import { publicUrl } from '../../charts/edge/names.ts';
import type { ServiceSpec } from '../../charts/graph/model.ts';
import { Failure, messageOf } from './failure.ts';

/** The edge's addresses: one for each route. */
export function urls(
  config: Config,
  services: readonly ServiceSpec[],
): readonly { url: string; title: string }[] {
  const origin = publicUrl(config);
  const served = withConsole(config, services);
  const pages = served.some((spec) => spec.pages)
    ? [
        { url: `${origin}/`, title: 'Console' },
        { url: `${origin}/docs`, title: 'API description' },
      ]
    : [];
  const routes = served.flatMap(({ route, title }) =>
    route ? [{ url: `${origin}${route.path}/`, title }] : [],
  );
  return [...pages, ...routes];
}

type Environment = Pick<Config, 'environment' | 'tier'>;

/** Name of the kind cluster, as in kind-config.yaml. */
export const CLUSTER = 'ai-assistants';

/** The name of kind's context for a cluster. */
export const kindContext = (cluster: string): string => `kind-${cluster}`;

/** The local environment uses the kind cluster; for other environments the caller names the context. */
export function contextOf({ environment, tier }: Environment, context: string | undefined): string {
  if (context) return context;
  if (tier === 'local') return kindContext(CLUSTER);
  throw new Failure(
    `--context: missing, and ${environment} is no local cluster`,
    'name one of `kubectl config get-contexts`',
  );
}

const kindConfig = z.looseObject({ kind: z.literal('Cluster'), name: z.string().min(1) });

/** The name in a kind configuration. @throws Failure when it has none. */
export function clusterName(text: string, file: string): string {
  try {
    return kindConfig.parse(load(text)).name;
  } catch (error) {
    const reason = error instanceof z.ZodError ? 'no kind: Cluster with a name' : messageOf(error);
    throw new Failure(
      `--cluster-config: "${file}" is not valid (${reason})`,
      'expected a file such as kind-config.yaml',
    );
  }
}
