/** Derives the graph from the services' entries, and refuses one that contradicts itself. */
import { ConfigError } from './error.ts';
import { type ExtraParts, extraComponents, extraEdges } from './extras.ts';
import { LOGGING_COMPONENTS, LOGGING_EDGES, loggingExternals } from './logging.ts';
import {
  ACME_SOLVER,
  AI_ASSISTANT,
  backupOf,
  type Component,
  drillOf,
  EDGE,
  type Edge,
  type ExternalEdge,
  GATEWAY,
  isEntered,
  labelOf as label,
  MODEL_SIMULATOR,
  migrateOf,
  ONEC_INTEGRATION,
  type Outside,
  PORTS,
  type Port,
  postgresOf,
  REDIS,
  restoreOf,
  type ServiceSpec,
  SIMULATOR,
  type Topology,
  USER_MANAGEMENT,
} from './model.ts';
import {
  type MonitoringParts,
  monitoringComponents,
  monitoringEdges,
  monitoringExternals,
} from './monitoring.ts';

/** The configuration that changes the graph itself. */
export interface GraphOptions {
  /** The platform ships its own edge controller. @default true */
  readonly ownEdge?: boolean;
  /** ACME issues the certificates: pods that answer its challenges come and go. @default false */
  readonly acme?: boolean;
  /** Backups and restore drills run. @default true */
  readonly backups?: boolean;
  /** The parts of the monitoring; false for none. @default every part, and no receiver of alerts */
  readonly monitoring?: MonitoringParts | false;
  /** PostgreSQL pods are managed by the CloudNativePG operator. @default false */
  readonly cloudNativePg?: boolean;
  /** Servers that others run, by the names of the stores they stand for. @default none */
  readonly outside?: Readonly<Record<string, Outside>>;
  /** Services verify tokens by keys that user-management publishes, so all of them call it. @default false */
  readonly publishedKeys?: boolean;
  /** A simulator stands in for the 1C server. @default false */
  readonly simulator?: boolean;
  /** A simulator stands in for the model providers. @default false */
  readonly modelSimulator?: boolean;
  /** Tests of the running platform. @default none */
  readonly extras?: ExtraParts;
  /** Logs are collected and searchable. @default false */
  readonly logging?: boolean;
  /** Snapshots of the logs go to an object store. @default false */
  readonly logSnapshots?: boolean;
}

function serviceComponent(spec: ServiceSpec): Component {
  return {
    name: spec.name,
    title: spec.title,
    kind: 'service',
    zone: 'app',
    network: spec.network ?? 'backend',
    ports: [{ name: 'http', number: spec.port }],
    metricsPort: 'http',
    selector: label(spec.name),
    presence: 'always',
    service: spec,
  };
}

/** CloudNativePG restores databases itself, without a Job of the platform. */
const restores = ({ backups = true, cloudNativePg = false }: GraphOptions): boolean =>
  backups && !cloudNativePg;

/** The port of a store's server, wherever the server is. */
const serverPort = (name: string, number: number, outside: Outside | undefined): Port =>
  outside ? { name, number: outside.port, outside } : { name, number };

function storeComponents(spec: ServiceSpec, options: GraphOptions): Component[] {
  const name = postgresOf(spec.name);
  const base = { zone: 'app', network: 'backend', service: spec } as const;
  const store: Component = {
    ...base,
    name,
    title: `PostgreSQL of ${spec.title}`,
    kind: 'postgres',
    ports: [
      serverPort('postgresql', PORTS.postgres, options.outside?.[name]),
      { name: 'metrics', number: PORTS.postgresMetrics },
    ],
    metricsPort: 'metrics',
    selector: options.cloudNativePg ? { 'cnpg.io/cluster': name } : label(name),
    presence: options.cloudNativePg ? 'operated' : 'always',
  };
  const job = (jobName: string, title: string, presence: Component['presence'] = 'scheduled'): Component => ({
    ...base,
    name: jobName,
    title,
    kind: 'job',
    ports: [],
    selector: label(jobName),
    presence,
  });
  return [
    store,
    job(migrateOf(spec.name), `Migration of ${spec.title}`, 'reserved'),
    ...(options.backups === false
      ? []
      : [
          job(backupOf(spec.name), `Backup of ${spec.title}`),
          job(drillOf(spec.name), `Restore drill of ${spec.title}`),
        ]),
    ...(restores(options) ? [job(restoreOf(spec.name), `Restore of ${spec.title}`)] : []),
  ];
}

const redisComponent = ({ outside }: GraphOptions): Component => ({
  name: REDIS,
  title: 'Redis',
  kind: 'redis',
  zone: 'app',
  network: 'backend',
  ports: [
    serverPort('redis', PORTS.redis, outside?.[REDIS]),
    { name: 'metrics', number: PORTS.redisMetrics },
  ],
  metricsPort: 'metrics',
  selector: label(REDIS),
  presence: 'always',
});

const acmeSolver: Component = {
  name: ACME_SOLVER,
  title: 'Answers to ACME challenges',
  kind: 'job',
  zone: 'app',
  network: 'frontend',
  ports: [{ name: 'http', number: PORTS.acmeSolver }],
  // cert-manager sets this label.
  selector: { 'acme.cert-manager.io/http01-solver': 'true' },
  presence: 'reserved',
};

const edgeComponent: Component = {
  name: EDGE,
  title: 'Ingress controller',
  kind: 'edge',
  zone: 'edge',
  network: 'frontend',
  ports: [
    { name: 'web', number: PORTS.web },
    { name: 'websecure', number: PORTS.websecure },
    { name: 'metrics', number: PORTS.edgeMetrics },
  ],
  metricsPort: 'metrics',
  selector: label(EDGE),
  presence: 'always',
};

const simulatorComponent = (name: string, title: string, port: number): Component => ({
  name,
  title,
  kind: 'simulator',
  zone: 'app',
  network: 'backend',
  ports: [{ name: 'http', number: port }],
  selector: label(name),
  presence: 'always',
});

const simulatorComponents = ({ simulator, modelSimulator }: GraphOptions): Component[] => [
  ...(simulator ? [simulatorComponent(SIMULATOR, '1C simulator', PORTS.simulator)] : []),
  ...(modelSimulator ? [simulatorComponent(MODEL_SIMULATOR, 'Model simulator', PORTS.modelSimulator)] : []),
];

/** Services a service calls: those it names, and those the configuration adds. */
function callsOf({ name, calls = [] }: ServiceSpec, options: GraphOptions): readonly string[] {
  const added = [
    // The gateway calls user-management anyway.
    ...(options.publishedKeys && name !== USER_MANAGEMENT && name !== GATEWAY ? [USER_MANAGEMENT] : []),
    ...(options.simulator && name === ONEC_INTEGRATION ? [SIMULATOR] : []),
    ...(options.modelSimulator && name === AI_ASSISTANT ? [MODEL_SIMULATOR] : []),
  ];
  return [...new Set([...calls, ...added])];
}

function serviceEdges(spec: ServiceSpec, options: GraphOptions): Edge[] {
  const edges: Edge[] = [{ from: spec.name, to: REDIS, port: 'redis' }];
  for (const to of callsOf(spec, options)) edges.push({ from: spec.name, to, port: 'http' });
  if (spec.gateway) edges.push({ from: GATEWAY, to: spec.name, port: 'http' });
  if (isEntered(spec) && options.ownEdge !== false) edges.push({ from: EDGE, to: spec.name, port: 'http' });
  if (spec.database) {
    const clients = [
      spec.name,
      migrateOf(spec.name),
      ...(options.backups === false ? [] : [backupOf(spec.name)]),
      ...(restores(options) ? [restoreOf(spec.name)] : []),
    ];
    for (const from of clients) edges.push({ from, to: postgresOf(spec.name), port: 'postgresql' });
  }
  return edges;
}

/**
 * The graph of a list of services.
 *
 * @throws ConfigError for a duplicate or badly formed name, two components on one port name, or an edge to an unknown
 *   component or port.
 */
export function buildTopology(services: readonly ServiceSpec[], options: GraphOptions = {}): Topology {
  const { monitoring = {}, extras = {}, outside = {} } = options;
  const components = [
    ...services.map(serviceComponent),
    ...services.filter((spec) => spec.database).flatMap((spec) => storeComponents(spec, options)),
    redisComponent(options),
    ...simulatorComponents(options),
    ...(options.ownEdge === false ? [] : [edgeComponent]),
    ...(options.acme ? [acmeSolver] : []),
    ...(monitoring ? monitoringComponents(monitoring) : []),
    ...(options.logging ? LOGGING_COMPONENTS : []),
    ...extraComponents(services, extras),
  ];
  const edges = [
    ...services.flatMap((spec) => serviceEdges(spec, options)),
    // Exporters watch their servers.
    ...Object.keys(outside).map((name) => ({
      from: name,
      to: name,
      port: name === REDIS ? 'redis' : 'postgresql',
    })),
    ...(options.acme && options.ownEdge !== false ? [{ from: EDGE, to: ACME_SOLVER, port: 'http' }] : []),
    ...(monitoring ? monitoringEdges(components) : []),
    ...(options.logging ? LOGGING_EDGES : []),
    ...extraEdges(services, extras),
  ];
  const externalEdges: ExternalEdge[] = services.flatMap((spec) =>
    (spec.egress ?? []).map((to) => ({ from: spec.name, to })),
  );
  if (options.ownEdge !== false) externalEdges.push({ from: EDGE, to: 'kubernetes-api' });
  if (monitoring) externalEdges.push(...monitoringExternals(monitoring));
  if (options.logging) externalEdges.push(...loggingExternals(options.logSnapshots === true));
  const topology: Topology = { services, components, edges, externalEdges };
  checkTopology(topology);
  return topology;
}

const DNS_1035 = /^[a-z]([-a-z0-9]{0,61}[a-z0-9])?$/;

/** Refuses a graph that contradicts itself; see {@link buildTopology}. */
export function checkTopology(topology: Topology): void {
  const byName = new Map<string, Component>();
  for (const component of topology.components) {
    checkComponent(component);
    if (byName.has(component.name))
      throw new ConfigError(
        `topology.${component.name}.name`,
        component.name,
        'a name no other component has',
      );
    byName.set(component.name, component);
  }
  for (const edge of topology.edges) checkEdge(edge, byName);
  checkRoutes(topology.services);
}

function checkComponent({ name, ports }: Component): void {
  if (!DNS_1035.test(name))
    throw new ConfigError(
      `topology.${name}.name`,
      name,
      'a DNS-1035 label: lower-case letters, digits and "-", a letter first, at most 63 characters',
    );
  const seen = new Set<string>();
  for (const port of ports) {
    if (seen.has(port.name))
      throw new ConfigError(`topology.${name}.ports`, port.name, 'port names that differ from each other');
    if (!Number.isInteger(port.number) || port.number < 1 || port.number > 65535)
      throw new ConfigError(`topology.${name}.ports.${port.name}`, port.number, 'a port from 1 to 65535');
    seen.add(port.name);
  }
}

function checkEdge(edge: Edge, byName: ReadonlyMap<string, Component>): void {
  const known = [...byName.keys()].join(', ');
  for (const end of [edge.from, edge.to])
    if (!byName.has(end)) throw new ConfigError(`topology.${edge.from}.calls`, end, `one of ${known}`);
  const target = byName.get(edge.to);
  if (!target?.ports.some((port) => port.name === edge.port))
    throw new ConfigError(
      `topology.${edge.from}.calls.${edge.to}.port`,
      edge.port,
      `one of ${target?.ports.map((port) => port.name).join(', ')}`,
    );
}

const PREFIX = /^(\/[a-z0-9-]+)+$/;
const PAGE = /^(\/|(\/[a-z0-9.-]+)+)$/;

/** Paths of a service, each with the pattern it must match. */
function pathsOf({ route, gateway, pages }: ServiceSpec): readonly (readonly [path: string, form: RegExp])[] {
  const prefixes = [route?.path, gateway?.path, ...(pages?.prefixes ?? [])].filter(
    (path) => path !== undefined,
  );
  return [
    ...prefixes.map((path) => [path, PREFIX] as const),
    ...(pages?.exact ?? []).map((path) => [path, PAGE] as const),
  ];
}

function checkRoutes(services: readonly ServiceSpec[]): void {
  const paths = new Map<string, string>();
  for (const spec of services)
    for (const [path, form] of pathsOf(spec)) {
      const { name } = spec;
      if (!form.test(path))
        throw new ConfigError(
          `topology.${name}.route.path`,
          path,
          'a path such as /ai, without a slash at its end',
        );
      const other = paths.get(path);
      if (other) throw new ConfigError(`topology.${name}.route.path`, path, `a path ${other} does not have`);
      paths.set(path, name);
    }
}

/** The component of that name. @throws ConfigError when there is none. */
export function componentOf(topology: Topology, name: string): Component {
  const found = topology.components.find((component) => component.name === name);
  if (!found)
    throw new ConfigError('component', name, `one of ${topology.components.map((c) => c.name).join(', ')}`);
  return found;
}

/** A component's port. @throws ConfigError when it has none of that name. */
export function portNamed(component: Component, name: string): Port {
  const port = component.ports.find((candidate) => candidate.name === name);
  if (!port)
    throw new ConfigError(
      `${component.name}.ports`,
      name,
      `one of ${component.ports.map((p) => p.name).join(', ')}`,
    );
  return port;
}

/** The number of a component's port. @throws ConfigError when it has none of that name. */
export const portOf = (component: Component, name: string): number => portNamed(component, name).number;
