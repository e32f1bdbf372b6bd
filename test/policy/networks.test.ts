/** Networks other than the usual one: DNS elsewhere, the API server by another way, IPv6. */
import { describe, expect, it } from 'vitest';
import type { ConfigOverride } from '../../charts/config/environments.ts';
import { resolveConfig } from '../../charts/config/resolve.ts';
import { SERVICES } from '../../charts/topology.ts';
import { PARTS } from '../support/fits.ts';
import { find, type KubeObject, PLAIN, render, VARIANTS, WITH_DATABASE } from '../support/objects.ts';

interface Peer {
  readonly ipBlock?: { readonly cidr: string; readonly except?: readonly string[] };
  readonly namespaceSelector?: { readonly matchLabels: Readonly<Record<string, string>> };
  readonly podSelector?: { readonly matchLabels: Readonly<Record<string, string>> };
}
interface Rule {
  readonly to?: readonly Peer[];
  readonly from?: readonly Peer[];
  readonly ports: readonly { readonly port: number; readonly protocol: string }[];
}

const policies = (objects: readonly KubeObject[]) => objects.filter(({ kind }) => kind === 'NetworkPolicy');
const rules = (objects: readonly KubeObject[], way: 'egress' | 'ingress'): readonly Rule[] =>
  policies(objects).flatMap(({ spec }) => spec[way] ?? []);

describe('DNS', () => {
  const dnsRules = (dns: object) =>
    rules(render('dev', [PARTS, { egress: { dns } }]), 'egress').filter(({ ports }) =>
      ports.some(({ protocol }) => protocol === 'UDP'),
    );
  const kubeSystem = { 'kubernetes.io/metadata.name': 'kube-system' };
  it.each([
    [
      'kube-dns, the default',
      {},
      [
        {
          namespaceSelector: { matchLabels: kubeSystem },
          podSelector: { matchLabels: { 'k8s-app': 'kube-dns' } },
        },
      ],
      53,
    ],
    [
      'NodeLocal DNSCache beside the pods',
      { cidrs: ['169.254.20.10/32'] },
      [
        {
          namespaceSelector: { matchLabels: kubeSystem },
          podSelector: { matchLabels: { 'k8s-app': 'kube-dns' } },
        },
        { ipBlock: { cidr: '169.254.20.10/32' } },
      ],
      53,
    ],
    [
      'NodeLocal DNSCache in place of the pods',
      { pods: [], cidrs: ['169.254.20.10/32', 'fd00::a/128'] },
      [{ ipBlock: { cidr: '169.254.20.10/32' } }, { ipBlock: { cidr: 'fd00::a/128' } }],
      53,
    ],
    [
      'CoreDNS by other labels',
      { pods: [{ namespace: 'kube-system', labels: { 'app.kubernetes.io/name': 'coredns' } }] },
      [
        {
          namespaceSelector: { matchLabels: kubeSystem },
          podSelector: { matchLabels: { 'app.kubernetes.io/name': 'coredns' } },
        },
      ],
      53,
    ],
    [
      'OpenShift',
      {
        pods: [
          { namespace: 'openshift-dns', labels: { 'dns.operator.openshift.io/daemonset-dns': 'default' } },
        ],
        ports: [5353],
      },
      [
        {
          namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'openshift-dns' } },
          podSelector: { matchLabels: { 'dns.operator.openshift.io/daemonset-dns': 'default' } },
        },
      ],
      5353,
    ],
  ])('%s', (_, dns, to, port) => {
    const found = dnsRules(dns);
    expect(found.length).toBeGreaterThan(25);
    for (const rule of found)
      expect(rule).toEqual({
        to,
        ports: [
          { protocol: 'UDP', port },
          { protocol: 'TCP', port },
        ],
      });
  });
  it('on Cilium a DNS cache of the node is the host: pods that may ask DNS may ask it', () => {
    const dns = { cidrs: ['169.254.20.10/32'] };
    const objects = render('dev', [{ cni: 'cilium', egress: { dns } }]);
    const asks = {
      toEntities: ['host'],
      toPorts: [{ ports: ['UDP', 'TCP'].map((protocol) => ({ port: '53', protocol })) }],
    };
    const selectorOf = ({ metadata, spec }: KubeObject) =>
      `${metadata.namespace} ${JSON.stringify(spec.endpointSelector ?? spec.podSelector)}`;
    const byIdentity = objects.filter(
      ({ kind, spec }) => kind === 'CiliumNetworkPolicy' && JSON.stringify(spec.egress).includes('UDP'),
    );
    for (const { spec } of byIdentity) expect(spec.egress).toContainEqual(asks);
    const byAddress = policies(objects).filter(({ spec }) =>
      JSON.stringify(spec.egress ?? []).includes('UDP'),
    );
    expect(byAddress.length).toBeGreaterThan(20);
    expect(byIdentity.map(selectorOf).toSorted()).toEqual(byAddress.map(selectorOf).toSorted());
  });
});

describe('the API server', () => {
  const asking = ['traefik', 'prometheus', 'kube-state-metrics'];
  const withApi = (api: object) => render('dev', [{ egress: { 'kubernetes-api': api } }]);
  it('by range', () => {
    const objects = withApi({ cidrs: ['192.0.2.10/32', '2001:db8::10/128'], ports: [6443] });
    for (const name of asking)
      expect(find(objects, 'NetworkPolicy', name).spec.egress).toContainEqual({
        to: [{ ipBlock: { cidr: '192.0.2.10/32' } }, { ipBlock: { cidr: '2001:db8::10/128' } }],
        ports: [{ port: 6443, protocol: 'TCP' }],
      });
  });
  it('by label', () => {
    const pods = [{ namespace: 'kube-system', labels: { component: 'kube-apiserver' } }];
    for (const name of asking)
      expect(find(withApi({ cidrs: [], pods }), 'NetworkPolicy', name).spec.egress).toContainEqual({
        to: [
          {
            namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'kube-system' } },
            podSelector: { matchLabels: { component: 'kube-apiserver' } },
          },
        ],
        ports: [443, 6443].map((port) => ({ port, protocol: 'TCP' })),
      });
  });
  it('by identity on Cilium, which also tells nodes so', () => {
    const objects = render('dev', [{ cni: 'cilium' }]);
    const entities = objects
      .filter(({ kind }) => kind === 'CiliumNetworkPolicy')
      .map(({ spec }) => [
        spec.endpointSelector.matchLabels['app.kubernetes.io/name'],
        spec.egress.map(
          ({ toEntities, toPorts }: { toEntities: string[]; toPorts: { ports: { port: string }[] }[] }) => [
            ...toEntities,
            ...toPorts.flatMap(({ ports }) => ports.map(({ port }) => port)),
          ],
        ),
      ]);
    expect(Object.fromEntries(entities)).toEqual({
      traefik: [['kube-apiserver', '443', '6443']],
      prometheus: [
        ['kube-apiserver', '443', '6443'],
        ['host', 'remote-node', '10250'],
      ],
      'kube-state-metrics': [['kube-apiserver', '443', '6443']],
    });
  });
  it('instances of CloudNativePG ask it, too', () => {
    const dns = { cidrs: ['169.254.20.10/32'] };
    const databases = { engine: 'cloudnative-pg' } as const;
    const objects = render('dev', [{ cni: 'cilium', databases, egress: { dns } }]);
    expect(find(objects, 'CiliumNetworkPolicy', 'postgres-security-cilium').spec).toMatchObject({
      endpointSelector: { matchLabels: { 'cnpg.io/cluster': 'postgres-security' } },
      egress: [{ toEntities: ['kube-apiserver'] }, { toEntities: ['host'] }],
    });
  });
  it.each(PLAIN)('$name: without Cilium there is nothing of its kind', ({ environment, overrides }) => {
    expect(render(environment, overrides).map(({ kind }) => kind)).not.toContain('CiliumNetworkPolicy');
  });
});

describe.each(VARIANTS)('$name: IPv6', ({ environment, overrides }) => {
  const objects = render(environment, overrides);
  const peers = (way: 'egress' | 'ingress') =>
    rules(objects, way).map((rule) =>
      (rule[way === 'egress' ? 'to' : 'from'] ?? []).flatMap(({ ipBlock }) => ipBlock ?? []),
    );
  it('what is open to all of IPv4 is open to all of IPv6', () => {
    const open = [...peers('egress'), ...peers('ingress')].filter((blocks) =>
      blocks.some(({ cidr }) => cidr === '0.0.0.0/0'),
    );
    expect(open.length).toBeGreaterThan(0);
    for (const blocks of open) expect(blocks.map(({ cidr }) => cidr)).toContain('::/0');
  });
  it('public ranges leave out what is private, also by way of IPv4', () => {
    for (const block of peers('egress')
      .flat()
      .filter(({ cidr }) => cidr === '::/0'))
      expect(block.except).toEqual(expect.arrayContaining(['fc00::/7', 'fe80::/10', '64:ff9b::/96']));
  });
});

describe('dual stack', () => {
  const dual: ConfigOverride = { ipFamilies: ['IPv4', 'IPv6'], ipFamilyPolicy: 'PreferDualStack' };
  const objects = render('dev', [PARTS, dual]);
  it('every Service has both families', () => {
    const services = objects.filter(({ kind }) => kind === 'Service');
    expect(services.length).toBeGreaterThan(20);
    for (const { spec } of services)
      expect(spec).toMatchObject({ ipFamilies: ['IPv4', 'IPv6'], ipFamilyPolicy: 'PreferDualStack' });
  });
  it('nothing listens on IPv4 alone', () => {
    expect(JSON.stringify(objects).match(/.{40}(?<!\d)0\.0\.0\.0(?!\/0).{10}/g) ?? []).toEqual([]);
    const host = '{"name":"HOST","value":"::"}';
    expect(JSON.stringify(objects).split(host)).toHaveLength(SERVICES.length + WITH_DATABASE.length + 1);
    expect(JSON.stringify(objects)).toContain('"--host=::"');
    expect(find(objects, 'ConfigMap', 'redis').data?.['redis.conf']).toContain('bind * -::*');
    const entryPoints = find(objects, 'Deployment', 'traefik').spec.template.spec.containers[0]
      .args as string[];
    expect(entryPoints.filter((arg) => /entrypoints\.\w+\.address/.test(arg))).toEqual(
      expect.arrayContaining([expect.stringMatching(/=:\d+$/)]),
    );
  });
});

describe('ranges', () => {
  it.each(['10.0.0.0/8', 'fd00::/8', '::/0', '2001:db8::1/128', '192.0.2.1/32'])('%s is one', (range) => {
    expect(resolveConfig('dev', [{ egress: { smtp: { cidrs: [range] } } }]).egress.smtp.cidrs).toEqual([
      range,
    ]);
  });
  it.each(['10.0.0.0', '10.0.0.0/33', '::/129', '300.0.0.0/8', 'fd00:::/8', 'example.com/8', ''])(
    '%j is none',
    (range) => {
      expect(() => resolveConfig('dev', [{ egress: { smtp: { cidrs: [range] } } }])).toThrow(
        /^egress\.smtp\.cidrs\.0: .*such as 10\.0\.0\.0\/8 or fd00::\/8/,
      );
    },
  );
});
