/** NetworkPolicies from the graph: all traffic is closed, then one policy a component opens its edges. */
import { k8s } from 'cdk8s-plus-28';
import type { Construct } from 'constructs';
import { egressPorts } from '../config/destinations.ts';
import { EVERYWHERE, NOT_PUBLIC } from '../config/network.ts';
import { BY_HTTP, hasProxy } from '../config/outside.ts';
import type { Config } from '../config/schema.ts';
import { NAME_LABEL, namespaceOf, platformLabels } from '../constructs/names.ts';
import { componentOf, portNamed, portOf } from '../graph/build.ts';
import {
  ACME_SOLVER,
  type Component,
  type External,
  isEntered,
  type Outside,
  type Topology,
} from '../graph/model.ts';

export const tcp = (port: number): k8s.NetworkPolicyPort => ({
  protocol: 'TCP',
  port: k8s.IntOrString.fromNumber(port),
});

/** Selects pods of a namespace by their labels. */
export const podsIn = (
  namespace: string,
  labels: Readonly<Record<string, string>>,
): k8s.NetworkPolicyPeer => ({
  namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': namespace } },
  podSelector: { matchLabels: { ...labels } },
});

const peer = (config: Config, { zone, selector }: Component): k8s.NetworkPolicyPeer =>
  podsIn(namespaceOf(config, zone), selector);

/** Destinations the platform does not run, as peers. */
export const outsidePeers = ({ cidrs, pods }: Omit<Outside, 'port'>): k8s.NetworkPolicyPeer[] => [
  ...pods.map(({ namespace, labels }) => podsIn(namespace, labels)),
  ...cidrs.map((cidr) => {
    const except = NOT_PUBLIC[cidr];
    return { ipBlock: except ? { cidr, except: [...except] } : { cidr } };
  }),
];

/** Cluster DNS over UDP and TCP: a long answer comes over TCP. */
export const dnsRule = ({ egress: { dns } }: Config): k8s.NetworkPolicyEgressRule => ({
  to: outsidePeers(dns),
  ports: dns.ports.flatMap((port) =>
    (['UDP', 'TCP'] as const).map((protocol) => ({ protocol, port: k8s.IntOrString.fromNumber(port) })),
  ),
});

/** Where traffic for a purpose goes: to its destination, or to the proxy. */
const wayTo = (config: Config, to: External): External | 'proxy' =>
  hasProxy(config) && BY_HTTP.includes(to) ? 'proxy' : to;

function externalRule(config: Config, to: External | 'proxy'): k8s.NetworkPolicyEgressRule | undefined {
  const peers = outsidePeers(config.egress[to]);
  return peers.length > 0 ? { to: peers, ports: egressPorts(config, to).map(tcp) } : undefined;
}

/** Ways out of a component; DNS is among them when there are others. */
export function egressRules(
  config: Config,
  topology: Topology,
  { name }: Component,
): k8s.NetworkPolicyEgressRule[] {
  const inside = topology.edges
    .filter((edge) => edge.from === name)
    .map(({ to, port }) => {
      const target = componentOf(topology, to);
      const { number, outside } = portNamed(target, port);
      return { to: outside ? outsidePeers(outside) : [peer(config, target)], ports: [tcp(number)] };
    });
  const ways = topology.externalEdges.filter(({ from }) => from === name).map(({ to }) => wayTo(config, to));
  const outside = [...new Set(ways)].flatMap((way) => externalRule(config, way) ?? []);
  const rules = [...inside, ...outside];
  return rules.length > 0 ? [...rules, dnsRule(config)] : [];
}

function ingressRules(
  config: Config,
  topology: Topology,
  component: Component,
): k8s.NetworkPolicyIngressRule[] {
  const rules: k8s.NetworkPolicyIngressRule[] = topology.edges
    .filter((edge) => edge.to === component.name && !portNamed(component, edge.port).outside)
    .map(({ from, port }) => ({
      from: [peer(config, componentOf(topology, from))],
      ports: [tcp(portOf(component, port))],
    }));
  const open = entrance(component);
  if (config.edge.controller !== 'traefik' && open !== undefined)
    rules.push({ from: foreignController(config), ports: [tcp(open)] });
  if (component.kind === 'edge')
    // Clients come from anywhere. The platform's own pods still cannot connect: their egress is closed.
    rules.push({
      from: EVERYWHERE.map((cidr) => ({ ipBlock: { cidr } })),
      ports: component.ports
        .filter((port) => port.name !== component.metricsPort)
        .map((port) => tcp(port.number)),
    });
  return rules;
}

/** Where an Ingress controller the platform does not run connects from. */
function foreignController({ edge: { from } }: Config): k8s.NetworkPolicyPeer[] {
  const { namespace, podLabels, cidrs } = from;
  return [
    ...(namespace === undefined ? [] : [podsIn(namespace, podLabels)]),
    ...cidrs.map((cidr) => ({ ipBlock: { cidr } })),
  ];
}

/** Port of a component that the edge leads to; undefined for most components. */
function entrance({ kind, name, service, ports }: Component): number | undefined {
  const isOpen = (kind === 'service' && service !== undefined && isEntered(service)) || name === ACME_SOLVER;
  return isOpen ? ports.find((port) => port.name === 'http')?.number : undefined;
}

/** Closes a namespace in both directions. */
export function addDefaultDeny(scope: Construct, namespace: string): void {
  new k8s.KubeNetworkPolicy(scope, `${namespace}-default-deny`, {
    metadata: { name: 'default-deny', namespace },
    spec: { podSelector: {}, policyTypes: ['Ingress', 'Egress'] },
  });
}

/** Opens a component's edges: one rule for each, in both directions. */
export function addComponentPolicy(
  scope: Construct,
  config: Config,
  topology: Topology,
  component: Component,
): void {
  const ingress = ingressRules(config, topology, component);
  const egress = egressRules(config, topology, component);
  new k8s.KubeNetworkPolicy(scope, `${component.name}-policy`, {
    metadata: {
      name: component.name,
      namespace: namespaceOf(config, component.zone),
      labels: { [NAME_LABEL]: component.name, ...platformLabels(config) },
    },
    spec: {
      podSelector: { matchLabels: { ...component.selector } },
      policyTypes: ['Ingress', 'Egress'],
      // The API server drops an empty list, so each apply that sends one would show a change.
      ...(ingress.length > 0 ? { ingress } : {}),
      ...(egress.length > 0 ? { egress } : {}),
    },
  });
}
