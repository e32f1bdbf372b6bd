/** Pictures of the graph: Mermaid for pages, plain text for terminals. */
import { type Component, ELASTICSEARCH, type Network, type Topology } from './model.ts';

const id = (name: string): string => name.replaceAll('-', '_');

function node({ name, kind }: Component): string {
  switch (kind) {
    case 'postgres':
    case 'redis':
      return `${id(name)}[(${name})]`;
    case 'logging':
      return name === ELASTICSEARCH ? `${id(name)}[(${name})]` : `${id(name)}[${name}]`;
    case 'edge':
      return `${id(name)}{{${name}}}`;
    case 'job':
      return `${id(name)}([${name}])`;
    default:
      return `${id(name)}[${name}]`;
  }
}

function nodesOf(network: Network, shown: readonly Component[]): string[] {
  const nodes = shown
    .filter((component) => component.network === network)
    .map((component) => `    ${node(component)}`);
  if (nodes.length === 0) return [];
  return [`  subgraph ${network}`, ...nodes, '  end'];
}

/** Mermaid flow chart of the calls. Scraping and jobs are left out: they would touch every node. */
export function toMermaid({ components, edges, externalEdges }: Topology): string {
  const shown = components.filter(({ kind }) => kind !== 'job' && kind !== 'monitor');
  const names = new Set(shown.map((component) => component.name));
  const calls = edges
    .filter(({ from, to }) => names.has(from) && names.has(to))
    .map(({ from, to, port }) => `  ${id(from)} -->${port === 'http' ? '' : `|${port}|`} ${id(to)}`);
  const outside = externalEdges
    .filter(({ from, to }) => names.has(from) && to !== 'kubernetes-api')
    .map(({ from, to }) => `  ${id(from)} -.-> ${id(to)}[/${to}/]`);
  const clients = shown
    .filter(({ kind }) => kind === 'edge')
    .map(({ name }) => `  client((client)) -->|HTTPS| ${id(name)}`);
  const lines = [
    ...nodesOf('frontend', shown),
    ...nodesOf('backend', shown),
    ...nodesOf('monitoring', shown),
    ...clients,
    ...calls,
    ...outside,
  ];
  return `flowchart LR\n${lines.join('\n')}\n`;
}

/** One line for each component: the components it may connect to. */
export function toText(topology: Topology): string {
  const width = Math.max(...topology.components.map((component) => component.name.length));
  const lines = topology.components
    .filter((component) => component.kind !== 'job')
    .map(({ name, ports }) => {
      const targets = [
        ...topology.edges.filter((edge) => edge.from === name).map((edge) => `${edge.to}:${edge.port}`),
        ...topology.externalEdges.filter((edge) => edge.from === name).map((edge) => `(${edge.to})`),
      ];
      const listens = ports.map((port) => port.number).join(',');
      return `${name.padEnd(width)} :${listens.padEnd(16)} ${targets.length > 0 ? `→ ${targets.join(', ')}` : ''}`;
    });
  return `${lines.map((line) => line.trimEnd()).join('\n')}\n`;
}
