/** The console: a route of its own at the edge, whichever edge there is, and nothing at all while it is off. */
import { load } from 'js-yaml';
import { describe, expect, it } from 'vitest';
import { type ConfigOverride, ENVIRONMENTS } from '../../charts/config/environments.ts';
import { resolveConfig } from '../../charts/config/resolve.ts';
import { buildTopology } from '../../charts/graph/build.ts';
import type { PagesSpec, ServiceSpec } from '../../charts/graph/model.ts';
import { SERVICES } from '../../charts/topology.ts';
import { urls } from '../../ops/core/cluster.ts';
import { configOf, find, type KubeObject, render, WITH_PAGES } from '../support/objects.ts';

const GATEWAY = 'api-gateway';
const ROUTE = 'api-gateway-pages';
const on: ConfigOverride = { console: { enabled: true } };
const off: ConfigOverride = { console: { enabled: false } };
const from = { namespace: 'ingress', podLabels: { app: 'controller' } };
const EDGES: Readonly<Record<string, ConfigOverride>> = {
  traefik: {},
  external: { edge: { controller: 'external', className: 'shared', from } },
  gateway: { edge: { controller: 'gateway', gateway: { name: 'shared', namespace: 'infra' }, from } },
};
const PATHS = [
  ['/', 'Exact'],
  ['/openapi.json', 'Exact'],
  ['/assets', 'Prefix'],
  ['/docs', 'Prefix'],
];

interface IngressPath {
  readonly path: string;
  readonly pathType: string;
  readonly backend: unknown;
}
interface Variable {
  readonly name: string;
  readonly value: string;
}
interface Dynamic {
  readonly http: { readonly middlewares: Readonly<Record<string, Readonly<Record<string, object>>>> };
}

const enabledOf = (objects: readonly KubeObject[]): string | undefined =>
  find(objects, 'Deployment', GATEWAY).spec.template.spec.containers[0].env.find(
    ({ name }: Variable) => name === 'CONSOLE_ENABLED',
  )?.value;
const dynamicOf = (objects: readonly KubeObject[]): Dynamic =>
  load(find(objects, 'ConfigMap', 'traefik').data?.['dynamic.yaml'] ?? '') as Dynamic;
const policiesOf = (objects: readonly KubeObject[]) => objects.filter(({ kind }) => kind === 'NetworkPolicy');
const pathsOf = (objects: readonly KubeObject[], kind: string): readonly IngressPath[] =>
  find(objects, kind, ROUTE).spec.rules[0].http.paths;

it('is on where people try things, and off in production until it is turned on', () => {
  const enabled = ENVIRONMENTS.filter((environment) => resolveConfig(environment).console.enabled);
  expect(enabled).toEqual(['dev', 'staging']);
  expect(resolveConfig({ environment: 'preprod' }).console.enabled).toBe(false);
});

describe.each(ENVIRONMENTS)('%s', (environment) => {
  describe.each(Object.entries(EDGES))('edge %s', (controller, edge) => {
    // Certificates are another matter, which a Gateway without a listener for HTTP cannot have by ACME.
    const tls: ConfigOverride = { edge: { tls: 'self-signed' } };
    const [with_, without] = [on, off].map((override) => render(environment, [edge, tls, override]));
    if (!with_ || !without) throw new Error('not rendered');

    it('is off: no route, no setting, no middleware', () => {
      expect(enabledOf(without)).toBeUndefined();
      expect(JSON.stringify(without)).not.toMatch(/api-gateway-pages|page-headers|"\/docs"|"\/assets"/);
    });
    it('is on: its own paths lead to the gateway, which serves them', () => {
      expect(enabledOf(with_)).toBe('true');
      if (controller === 'gateway') {
        const [rule] = find(with_, 'HTTPRoute', ROUTE).spec.rules;
        expect(
          rule.matches.map(({ path }: { path: { value: string; type: string } }) => [path.value, path.type]),
        ).toEqual(PATHS.map(([path, type]) => [path, type === 'Prefix' ? 'PathPrefix' : type]));
        expect(rule.backendRefs).toEqual([{ name: GATEWAY, port: 3000 }]);
        return;
      }
      expect(pathsOf(with_, 'Ingress').map(({ path, pathType }) => [path, pathType])).toEqual(PATHS);
      for (const { backend } of pathsOf(with_, 'Ingress'))
        expect(backend).toEqual({ service: { name: GATEWAY, port: { name: 'http' } } });
    });
    it('opens no way that was not there: the policies are the same', () => {
      expect(policiesOf(with_)).toEqual(policiesOf(without));
      expect(policiesOf(with_).length).toBeGreaterThan(SERVICES.length);
    });
  });
});

it('is named first among the addresses that are told after a start, while it is on', () => {
  const of = (override: ConfigOverride) => urls(configOf('dev', [override]), SERVICES).map(({ url }) => url);
  expect(of(on).slice(0, 3)).toEqual([
    'https://localhost/',
    'https://localhost/docs',
    'https://localhost/api/',
  ]);
  expect(of(off)).toEqual(of(on).slice(2));
});

describe('our own edge', () => {
  const { middlewares } = dynamicOf(render('production', [on])).http;
  const headers = middlewares['page-headers']?.headers;

  it('does not overwrite what the gateway says of its pages', () => {
    expect(headers).toMatchObject({ frameDeny: true, contentTypeNosniff: true, stsSeconds: 31_536_000 });
    expect(Object.keys(headers ?? {})).not.toEqual(
      expect.arrayContaining([
        expect.stringMatching(/contentSecurityPolicy|referrerPolicy|customFrameOptions/),
      ]),
    );
    expect(middlewares['security-headers']?.headers).toHaveProperty('contentSecurityPolicy');
  });
  it('counts pages apart from the API, and lets a first visit load all of its files', () => {
    const chain = find(render('production', [on]), 'Ingress', ROUTE).metadata.annotations ?? {};
    expect(chain['traefik.ingress.kubernetes.io/router.middlewares']).toBe(
      ['page-headers', `limit-${ROUTE}`, 'compress', 'retry'].map((name) => `${name}@file`).join(','),
    );
    const { rateLimit } = middlewares[`limit-${ROUTE}`] ?? {};
    expect(rateLimit).toMatchObject({ average: configOf('production').settings.rateLimit, burst: 50 });
    expect(rateLimit).toHaveProperty('sourceCriterion', { ipStrategy: { ipv6Subnet: 64 } });
  });
});

describe('pages of a topology', () => {
  const withPages = (pages: PagesSpec, ...others: readonly ServiceSpec[]) => {
    const [spec] = WITH_PAGES;
    if (!spec) throw new Error('no service has pages');
    const { route: _route, ...alone } = spec;
    return buildTopology([{ ...alone, pages }, ...others]);
  };
  const pages: PagesSpec = { exact: ['/'], prefixes: ['/assets'], burst: 5 };

  it('are reason enough for the edge to reach a service', () => {
    const { edges } = withPages(pages);
    expect(edges).toContainEqual({ from: 'traefik', to: GATEWAY, port: 'http' });
  });
  it.each<[string, PagesSpec, string]>([
    ['a path of another service', { ...pages, prefixes: ['/security'] }, 'a path api-gateway does not have'],
    ['the root with all below it', { ...pages, prefixes: ['/'] }, '"/"'],
    ['a path without a slash', { ...pages, exact: ['docs'] }, '"docs"'],
    ['the same path twice', { ...pages, exact: ['/', '/'] }, 'a path api-gateway does not have'],
  ])('%s is refused', (_, wrong, message) => {
    expect(() => withPages(wrong, ...SERVICES.filter(({ name }) => name === 'security'))).toThrow(message);
  });
});
