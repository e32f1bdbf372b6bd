/** The edge in its modes: controller, certificate, trusted proxies, and long requests. */
import { describe, expect, it } from 'vitest';

import { type ConfigOverride, ENVIRONMENTS } from '../../charts/config/environments.ts';
import { streamSeconds, uploadSeconds } from '../../charts/config/grace.ts';
import { bytesOf, millicores } from '../../charts/config/quantity.ts';
import { namespaceOf } from '../../charts/constructs/names.ts';
import { SERVICES } from '../../charts/topology.ts';
import { configOf, find, type KubeObject, render } from '../support/objects.ts';

const SOLVER = { 'acme.cert-manager.io/http01-solver': 'true', 'acme.cert-manager.io/http-token': '1' };
const SOLVER_PORT = 8089;
const ROUTED = SERVICES.filter(({ route }) => route).map(({ name }) => name);
const FOREIGN = { namespace: 'ingress', podLabels: { app: 'controller' } };
const external: ConfigOverride = { edge: { controller: 'external', className: 'shared', from: FOREIGN } };
const gateway: ConfigOverride = {
  edge: {
    controller: 'gateway',
    gateway: { name: 'shared', namespace: 'infra', httpsListener: 'https', httpListener: 'http' },
    from: FOREIGN,
  },
};

interface Rule {
  readonly from?: readonly Peer[];
  readonly to?: readonly Peer[];
  readonly ports: readonly { readonly port: number }[];
}
interface Selector {
  readonly matchLabels: Readonly<Record<string, string>>;
}
interface Peer {
  readonly namespaceSelector?: Selector;
  readonly podSelector?: Selector;
  readonly ipBlock?: { readonly cidr: string };
}

const selects = ({ matchLabels = {} }: Partial<Selector>, labels: Readonly<Record<string, string>>) =>
  Object.entries(matchLabels).every(([name, value]) => labels[name] === value);

/** The rules that hold for a pod with these labels, in one direction. */
const rulesFor = (
  objects: readonly KubeObject[],
  namespace: string,
  labels: Readonly<Record<string, string>>,
  direction: 'ingress' | 'egress',
): readonly Rule[] =>
  objects
    .filter(({ kind, metadata }) => kind === 'NetworkPolicy' && metadata.namespace === namespace)
    .filter(({ spec }) => selects(spec.podSelector, labels))
    .flatMap(({ spec }): readonly Rule[] => spec[direction] ?? []);

const admits = (
  peers: readonly Peer[] = [],
  namespace: string,
  labels: Readonly<Record<string, string>>,
): boolean =>
  peers.some(
    ({ namespaceSelector, podSelector }) =>
      namespaceSelector?.matchLabels['kubernetes.io/metadata.name'] === namespace &&
      selects(podSelector ?? {}, labels),
  );

const argsOf = (objects: readonly KubeObject[]): ReadonlyMap<string, string> =>
  new Map(
    find(objects, 'Deployment', 'traefik').spec.template.spec.containers[0].args.map((arg: string) => {
      const at = arg.indexOf('=');
      return [arg.slice(2, at), arg.slice(at + 1)];
    }),
  );
const dynamicOf = (objects: readonly KubeObject[]): string =>
  find(objects, 'ConfigMap', 'traefik').data?.['dynamic.yaml'] ?? '';
const envOf = (objects: readonly KubeObject[], name: string): ReadonlyMap<string, string> =>
  new Map(
    find(objects, 'Deployment', name).spec.template.spec.containers[0].env.map(
      (variable: { name: string; value: string }) => [variable.name, variable.value],
    ),
  );
const seconds = (text: string | undefined): number => Number(/^(\d+)s$/.exec(text ?? '')?.[1]);

describe.each(['staging', 'production'])('%s: an ACME challenge', (environment) => {
  const config = configOf(environment);
  const objects = render(environment);
  const app = namespaceOf(config, 'app');
  const edge = namespaceOf(config, 'edge');
  const traefik = { 'app.kubernetes.io/name': 'traefik' };

  it('reaches the pod that answers it, and no other pod does', () => {
    const incoming = rulesFor(objects, app, SOLVER, 'ingress');
    expect(incoming).toHaveLength(1);
    expect(admits(incoming[0]?.from, edge, traefik)).toBe(true);
    expect(incoming[0]?.ports.map(({ port }) => port)).toEqual([SOLVER_PORT]);
    const outgoing = rulesFor(objects, edge, traefik, 'egress').filter(({ to }) => admits(to, app, SOLVER));
    expect(outgoing.flatMap(({ ports }) => ports.map(({ port }) => port))).toEqual([SOLVER_PORT]);
    expect(rulesFor(objects, app, SOLVER, 'egress')).toEqual([]);
  });
  it('passes the redirect: any rule has more priority', () => {
    expect(argsOf(objects).get('entrypoints.web.http.redirections.entrypoint.priority')).toBe('1');
    expect(argsOf(objects).get('entrypoints.web.asdefault')).toBe('true');
    expect(argsOf(objects).has('entrypoints.metrics.asdefault')).toBe(false);
  });
  it('has room for its pods in the quota, one for each host', () => {
    const quota = (overrides: readonly ConfigOverride[]) =>
      find(
        render(environment, overrides).filter(({ metadata }) => metadata.namespace === app),
        'ResourceQuota',
        'quota',
      ).spec.hard;
    const [with20, without] = [
      quota([{ edge: { hosts: Array.from({ length: 20 }, (_, n) => `h${n}.test`) } }]),
      quota([{ edge: { tls: 'existing' } }]),
    ];
    expect(Number(with20.pods) - Number(without.pods)).toBeGreaterThanOrEqual(20);
    expect(millicores(with20['limits.cpu']) - millicores(without['limits.cpu'])).toBeGreaterThanOrEqual(2000);
    expect(bytesOf(with20['limits.memory']) - bytesOf(without['limits.memory'])).toBeGreaterThanOrEqual(
      20 * bytesOf('64Mi'),
    );
  });
  it('needs no NodePort', () => {
    const [solver] = find(objects, 'Issuer', 'letsencrypt').spec.acme.solvers;
    expect(solver.http01.ingress).toEqual({
      ingressClassName: config.edge.className,
      serviceType: 'ClusterIP',
    });
  });
});

describe('ports', () => {
  it.each(ENVIRONMENTS)('%s: the Service is on 80 and 443, whatever clients see', (environment) => {
    for (const override of [{}, { edge: { tls: 'self-signed', httpPort: 8080, httpsPort: 8443 } as const }]) {
      const { ports } = find(render(environment, [override]), 'Service', 'traefik').spec;
      expect(ports.map(({ port }: { port: number }) => port)).toEqual([80, 443]);
    }
  });
});

describe('a controller of the cluster', () => {
  describe.each([
    ['external', external],
    ['gateway', gateway],
  ] as const)('%s', (_, override) => {
    const objects = render('production', [override]);
    const admitted = objects
      .filter(({ kind }) => kind === 'NetworkPolicy')
      .filter(({ spec }) =>
        (spec.ingress ?? []).some(({ from }: Rule) => admits(from, 'ingress', { app: 'controller' })),
      );
    it('reaches what has a route, and the pods that answer challenges', () => {
      expect(admitted.map(({ metadata }) => metadata.name).sort()).toEqual([...ROUTED, 'acme-solver'].sort());
      for (const { name, port } of SERVICES) {
        const rules = rulesFor(objects, 'assistants', { 'app.kubernetes.io/name': name }, 'ingress');
        const own = rules.filter(({ from }) => admits(from, 'ingress', { app: 'controller' }));
        expect(own.flatMap(({ ports }) => ports.map((item) => item.port))).toEqual([port]);
      }
    });
    it('is told from the other pods of its namespace', () => {
      for (const { spec } of admitted)
        expect(spec.ingress.some(({ from }: Rule) => admits(from, 'ingress', { app: 'other' }))).toBe(false);
    });
    it('needs no rewriting and no annotation: services know their prefix', () => {
      const known = ROUTED.map((name) => [name, envOf(objects, name).get('PATH_PREFIX')]);
      expect(Object.fromEntries(known)).toMatchObject({
        'api-gateway': undefined,
        'ai-assistant': '/ai',
        'onec-integration': '/1c',
        'user-management': undefined,
        analytics: '/analytics',
        security: '/security',
      });
      for (const { kind, metadata, spec } of objects.filter(({ kind }) => /Ingress|HTTPRoute/.test(kind))) {
        expect(metadata.annotations ?? {}, metadata.name).toEqual({});
        expect(JSON.stringify(spec), kind).not.toMatch(/rewrite/i);
      }
    });
    // The cluster's controller may be another Traefik, which would obey annotations for the platform's own.
    it('meets nothing that names our own', () => {
      expect(JSON.stringify(render('production', [])).match(/traefik/g)?.length).toBeGreaterThan(50);
      const naming = objects.filter((object) => /traefik/i.test(JSON.stringify(object)));
      expect(naming.map(({ kind, metadata }) => `${kind}/${metadata.name}`)).toEqual([]);
    });
  });
  it('may come from addresses outside the cluster', () => {
    const objects = render('production', [
      { edge: { controller: 'external', from: { cidrs: ['192.0.2.0/24', '2001:db8::/32'] } } },
    ]);
    const { ingress } = find(objects, 'NetworkPolicy', 'ai-assistant').spec;
    expect(JSON.stringify(ingress)).toContain(
      '[{"ipBlock":{"cidr":"192.0.2.0/24"}},{"ipBlock":{"cidr":"2001:db8::/32"}}]',
    );
  });
});

describe('Gateway API', () => {
  const objects = render('production', [gateway]);
  const routes = objects.filter(({ kind }) => kind === 'HTTPRoute');
  it('has a route for each service, attached to the listener for HTTPS', () => {
    expect(objects.filter(({ kind }) => kind === 'Ingress')).toEqual([]);
    for (const { name, route, port } of SERVICES) {
      const { spec } = find(routes, 'HTTPRoute', name);
      expect(spec.parentRefs).toEqual([{ name: 'shared', namespace: 'infra', sectionName: 'https' }]);
      expect(spec.rules).toEqual([
        {
          matches: [{ path: { type: 'PathPrefix', value: route?.path } }],
          backendRefs: [{ name, port }],
        },
      ]);
    }
  });
  it('sends HTTP to HTTPS, and challenges come in by the same listener', () => {
    expect(find(routes, 'HTTPRoute', 'https-redirect').spec.parentRefs[0].sectionName).toBe('http');
    const [solver] = find(objects, 'Issuer', 'letsencrypt').spec.acme.solvers;
    expect(solver.http01.gatewayHTTPRoute.parentRefs[0].sectionName).toBe('http');
  });
  it('lets the Gateway name the certificate, and no other Secret', () => {
    const { spec } = find(objects, 'ReferenceGrant', 'edge-certificate');
    expect(spec.to).toEqual([{ group: '', kind: 'Secret', name: 'edge-tls' }]);
    expect(spec.from[0].namespace).toBe('infra');
  });
});

describe('an existing certificate', () => {
  it('is named by every Ingress; nothing asks for one, and its end is watched', () => {
    const objects = render('production', [{ edge: { tls: 'existing', tlsSecret: 'company-tls' } }]);
    expect(
      objects
        .filter(({ kind }) => kind === 'Issuer' || kind === 'AcmeIssuer')
        .map(({ metadata }) => metadata.name),
    ).not.toContain('letsencrypt');
    for (const { spec } of objects.filter(({ kind }) => kind === 'Ingress'))
      expect(spec.tls).toEqual([{ hosts: configOf('production').edge.hosts, secretName: 'company-tls' }]);
    expect(JSON.stringify(objects)).toContain('"alert":"CertificateExpiresSoon"');
  });
});

describe('proxies in front', () => {
  const trustedProxies = ['203.0.113.0/24', '2001:db8::/32'];
  it('no proxy is believed unless configured', () => {
    const objects = render('production');
    expect([...argsOf(objects).keys()].filter((name) => /trustedips|insecure/.test(name))).toEqual([]);
    expect(dynamicOf(objects)).not.toMatch(/excludedIPs|depth:/);
    expect(envOf(objects, 'api-gateway').has('TRUSTED_PROXIES')).toBe(false);
  });
  it('are believed by the edge, its limits, the gateway and every service', () => {
    const objects = render('production', [{ edge: { trustedProxies } }]);
    for (const entryPoint of ['web', 'websecure'])
      expect(argsOf(objects).get(`entrypoints.${entryPoint}.forwardedheaders.trustedips`)).toBe(
        trustedProxies.join(','),
      );
    const limits = dynamicOf(objects).match(/ipStrategy:/g)?.length;
    expect(limits).toBeGreaterThanOrEqual(ROUTED.length);
    expect(dynamicOf(objects).match(/excludedIPs:/g)).toHaveLength(limits ?? 0);
    for (const name of ROUTED)
      expect([name, envOf(objects, name).get('TRUSTED_PROXIES')]).toEqual([name, trustedProxies.join(',')]);
  });
  it('may be counted instead, everywhere alike', () => {
    const objects = render('production', [{ edge: { trustedProxies, proxyDepth: 2 } }]);
    expect(dynamicOf(objects)).toContain('depth: 2');
    for (const name of ROUTED) expect(envOf(objects, name).get('PROXY_DEPTH')).toBe('2');
  });
  it('may speak the PROXY protocol, which is no word on X-Forwarded-For', () => {
    const args = argsOf(render('production', [{ edge: { proxyProtocolFrom: trustedProxies } }]));
    expect(args.get('entrypoints.websecure.proxyprotocol.trustedips')).toBe(trustedProxies.join(','));
    expect(args.has('entrypoints.websecure.forwardedheaders.trustedips')).toBe(false);
  });
});

describe('what takes long', () => {
  const cases: readonly ConfigOverride[] = [
    {},
    { edge: { maxBodyMiB: 800 } },
    { edge: { maxBodyMiB: 1 }, terminationSeconds: 600 },
  ];
  it.each(cases)('an upload and a stream end before the edge does: %j', (override) => {
    const config = configOf('production', [override]);
    const objects = render('production', [override]);
    const args = argsOf(objects);
    const transport = (name: string) => seconds(args.get(`entrypoints.websecure.transport.${name}`));
    const { edge } = config;
    expect(transport('respondingtimeouts.readtimeout')).toBeGreaterThanOrEqual(
      (edge.maxBodyMiB * 2 ** 20 * 8) / (edge.slowestUploadMbit * 1e6),
    );
    const grace = transport('lifecycle.gracetimeout');
    expect(grace).toBeGreaterThanOrEqual(uploadSeconds(config));
    expect(grace).toBeGreaterThanOrEqual(streamSeconds(config));
    const { terminationGracePeriodSeconds } = find(objects, 'Deployment', 'traefik').spec.template.spec;
    expect(terminationGracePeriodSeconds).toBeGreaterThan(
      transport('lifecycle.requestacceptgracetimeout') + grace,
    );
    expect(envOf(objects, 'api-gateway').get('UPLOAD_SECONDS')).toBe(String(uploadSeconds(config)));
  });
  it('all bodies that may wait at once fit the scratch space', () => {
    const objects = render('production');
    const places = [...dynamicOf(objects).matchAll(/ {4}places-\S+:\n\s+inFlightReq:\n\s+amount: (\d+)/g)];
    expect(places).toHaveLength(ROUTED.length - 2);
    const bodies = places.reduce((sum, [, amount]) => sum + Number(amount), 0);
    const { volumes } = find(objects, 'Deployment', 'traefik').spec.template.spec;
    const tmp = volumes.find(({ name }: { name: string }) => name === 'tmp');
    expect(bytesOf(tmp.emptyDir.sizeLimit)).toBeGreaterThanOrEqual(bodies * 100 * 2 ** 20);
  });
});

describe('fields that contradict each other', () => {
  it.each<[ConfigOverride['edge'], string]>([
    [{ httpPort: 8080 }, 'edge.httpPort: 8080'],
    [{ httpsPort: 8443 }, 'edge.httpsPort: 8443'],
    [{ controller: 'external' }, 'edge.from.namespace'],
    [{ controller: 'gateway', from: FOREIGN }, 'edge.gateway'],
    [{ gateway: { name: 'g', namespace: 'n' } }, 'edge.controller'],
    [{ from: FOREIGN }, 'edge.controller'],
    [
      { controller: 'gateway', from: FOREIGN, gateway: { name: 'g', namespace: 'n' } },
      'edge.gateway.httpListener',
    ],
    [
      { controller: 'external', from: { cidrs: ['10.0.0.0/8'], podLabels: { a: 'b' } } },
      'edge.from.namespace',
    ],
    [{ controller: 'external', from: FOREIGN, proxyProtocolFrom: ['10.0.0.0/8'] }, 'edge.proxyProtocolFrom'],
    [{ proxyDepth: 1 }, 'edge.trustedProxies'],
    [{ trustedProxies: ['10.0.0.1'] }, 'edge.trustedProxies.0'],
  ])('%j', (edge, message) => {
    expect(() => configOf('production', [{ edge }])).toThrow(message);
  });
});
