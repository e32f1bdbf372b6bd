/** Tests of the running platform, in the graph: their pods exist only while a test runs. */
import {
  type Component,
  databaseTestOf,
  type Edge,
  GATEWAY,
  LOAD_TEST,
  labelOf,
  postgresOf,
  type ServiceSpec,
} from './model.ts';

export interface ExtraParts {
  /** @default false */
  readonly loadTest?: boolean;
  /** @default false */
  readonly databaseTest?: boolean;
}

const job = (name: string, title: string, service?: ServiceSpec): Component => ({
  name,
  title,
  kind: 'job',
  zone: 'app',
  network: service ? 'backend' : 'frontend',
  ports: [],
  selector: labelOf(name),
  presence: 'scheduled',
  ...(service ? { service } : {}),
});

const tested = (services: readonly ServiceSpec[], { databaseTest }: ExtraParts): readonly ServiceSpec[] =>
  databaseTest ? services.filter(({ database }) => database) : [];

export const extraComponents = (
  services: readonly ServiceSpec[],
  parts: ExtraParts,
): readonly Component[] => [
  ...(parts.loadTest ? [job(LOAD_TEST, 'Load test')] : []),
  // One pod for each database: no pod holds another database's password or can reach it.
  ...tested(services, parts).map((spec) =>
    job(databaseTestOf(spec.name), `Database test of ${spec.title}`, spec),
  ),
];

export const extraEdges = (services: readonly ServiceSpec[], parts: ExtraParts): readonly Edge[] => [
  ...(parts.loadTest ? [{ from: LOAD_TEST, to: GATEWAY, port: 'http' }] : []),
  ...tested(services, parts).map(({ name }) => ({
    from: databaseTestOf(name),
    to: postgresOf(name),
    port: 'postgresql',
  })),
];
