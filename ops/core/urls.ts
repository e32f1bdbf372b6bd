import type { Config } from '../../charts/config/schema.ts';
import type { ServiceSpec } from '../../charts/graph/model.ts';

/** Where the edge answers: one address for each route. */
export function urls(
  config: Config,
  services: readonly ServiceSpec[],
): readonly { url: string; title: string }[] {
  const host = config.edge.hosts[0] ?? 'localhost';
  const origin = `https://${host}${config.edge.httpsPort === 443 ? '' : `:${config.edge.httpsPort}`}`;
  return services.flatMap(({ route, title }) => (route ? [{ url: `${origin}${route.path}/`, title }] : []));
}
