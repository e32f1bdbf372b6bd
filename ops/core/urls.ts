import type { Config } from '../../charts/config/schema.ts';
import { publicUrl } from '../../charts/edge/names.ts';
import type { ServiceSpec } from '../../charts/graph/model.ts';

/** Where the edge answers: one address for each route. */
export function urls(
  config: Config,
  services: readonly ServiceSpec[],
): readonly { url: string; title: string }[] {
  const origin = publicUrl(config);
  return services.flatMap(({ route, title }) => (route ? [{ url: `${origin}${route.path}/`, title }] : []));
}
