/** Paths from the edge to services: the route of each, and one service's pages for browsers. */
import type { Config } from '../config/schema.ts';
import type { ServiceSpec } from '../graph/model.ts';
import { middlewaresOf, pageMiddlewaresOf } from './dynamic.ts';

interface AccessPath {
  readonly path: string;
  /** `Exact`: the path alone. `Prefix`: everything below it too. */
  readonly type: 'Exact' | 'Prefix';
}

/** One Ingress or one HTTPRoute. */
export interface Access {
  readonly name: string;
  readonly spec: ServiceSpec;
  readonly paths: readonly AccessPath[];
  /** Middlewares of the platform's own edge, in the order they run. */
  readonly middlewares: readonly string[];
}

const exact = (path: string): AccessPath => ({ path, type: 'Exact' });
const prefix = (path: string): AccessPath => ({ path, type: 'Prefix' });

export function accessTo(spec: ServiceSpec): readonly Access[] {
  const { name, route, pages } = spec;
  return [
    ...(route ? [{ name, spec, paths: [prefix(route.path)], middlewares: middlewaresOf(spec) }] : []),
    ...(pages
      ? [
          {
            name: `${name}-pages`,
            spec,
            paths: [...pages.exact.map(exact), ...pages.prefixes.map(prefix)],
            middlewares: pageMiddlewaresOf(spec),
          },
        ]
      : []),
  ];
}

/** The services; without their pages while the console is off. */
export const withConsole = (
  { console: { enabled } }: Config,
  services: readonly ServiceSpec[],
): readonly ServiceSpec[] => (enabled ? services : services.map(({ pages: _pages, ...spec }) => spec));
