/** The composition root: the charts of an environment, in the order of their files. It writes nothing. */
import { ApiObject, App, JsonPatch } from 'cdk8s';
import { Backups } from './backup/chart.ts';
import { notifies } from './config/monitoring.ts';
import type { Config } from './config/schema.ts';
import { signsWithOwnKey } from './config/tokens.ts';
import { footprints } from './constructs/footprint.ts';
import { PostgresChart, RedisChart } from './data/charts.ts';
import { outsideStores } from './data/database.ts';
import { withConsole } from './edge/access.ts';
import { EdgeController, EdgeRoutes } from './edge/charts.ts';
import { Extras } from './extras/chart.ts';
import { buildTopology } from './graph/build.ts';
import {
  AI_ASSISTANT,
  ONEC_INTEGRATION,
  postgresOf,
  type ServiceSpec,
  type Topology,
} from './graph/model.ts';
import { LogCollector, Logging } from './logging/chart.ts';
import { Dashboards, Monitoring } from './monitoring/chart.ts';
import { Rules } from './monitoring/rules/chart.ts';
import { Namespaces } from './namespaces/chart.ts';
import { NetworkPolicies } from './network/chart.ts';
import { ExternalSecrets } from './secrets/chart.ts';
import { ServiceChart } from './services/chart.ts';
import { SimulatorChart } from './simulator/chart.ts';
import { modelSimulatorRuns, simulatorRuns, simulatorsOf, withSimulator } from './simulator/simulator.ts';
import { SERVICES } from './topology.ts';
import { Volumes } from './volumes/chart.ts';

/** The graph of an environment. @throws ConfigError when the services contradict each other. */
export function topologyOf(config: Config, services: readonly ServiceSpec[] = SERVICES): Topology {
  return buildTopology(withConsole(config, withSimulator(config, services)), {
    ownEdge: config.edge.controller === 'traefik',
    acme: config.edge.tls === 'acme',
    backups: config.backups.enabled,
    monitoring: config.monitoring.enabled && {
      nodeExporter: config.monitoring.nodeExporter.enabled,
      kubeStateMetrics: config.monitoring.kubeStateMetrics.enabled,
      kubelet: config.monitoring.kubelet.enabled,
      grafana: config.monitoring.grafana.enabled,
      remoteWrite: config.monitoring.remoteWrite.url !== '',
      webhook: notifies(config, 'webhook'),
      email: notifies(config, 'email'),
    },
    cloudNativePg: config.databases.engine === 'cloudnative-pg',
    outside: outsideStores(config, services),
    publishedKeys: signsWithOwnKey(config),
    extras: {
      loadTest: config.extras.loadTest.enabled,
      databaseTest: config.extras.databaseTest.enabled,
    },
    simulator: simulatorRuns(config) && services.some(({ name }) => name === ONEC_INTEGRATION),
    modelSimulator: modelSimulatorRuns(config) && services.some(({ name }) => name === AI_ASSISTANT),
    logging: config.logging.enabled,
    logSnapshots: config.logging.snapshots !== undefined,
  });
}

/**
 * An environment as a cdk8s app; each chart becomes one file. `kubectl apply -f DIR` reads files by name, so the
 * numbers set the order: namespaces, then their policies, then the workloads.
 *
 * @throws ConfigError when configuration or services contradict each other.
 */
export function buildApp(config: Config, services: readonly ServiceSpec[] = SERVICES): App {
  const app = new App();
  const topology = topologyOf(config, services);
  const props = { config, topology };
  const specs = topology.services;
  const charts = [
    new NetworkPolicies(app, '10-network-policies', props),
    new Volumes(app, '12-volumes', props),
    ...(config.secrets.source === 'external' ? [new ExternalSecrets(app, '15-external-secrets', props)] : []),
    new RedisChart(app, '20-redis', props),
    ...specs
      .filter((spec) => spec.database)
      .map((spec) => new PostgresChart(app, `20-${postgresOf(spec.name)}`, { ...props, spec })),
    ...specs.map((spec) => new ServiceChart(app, `30-${spec.name}`, { ...props, spec })),
    ...simulatorsOf(topology).map(
      (simulator) => new SimulatorChart(app, `31-${simulator.name}`, { ...props, simulator }),
    ),
    ...(config.edge.controller === 'traefik' ? [new EdgeController(app, '40-edge-controller', props)] : []),
    new EdgeRoutes(app, '41-edge-routes', props),
    ...(config.backups.enabled ? [new Backups(app, '50-backups', props)] : []),
    ...(config.monitoring.enabled
      ? [new Monitoring(app, '60-monitoring', props), new Rules(app, '61-rules', props)]
      : []),
    ...(config.monitoring.enabled && config.monitoring.grafana.enabled
      ? [new Dashboards(app, '62-dashboards', props)]
      : []),
    ...(config.logging.enabled
      ? [new Logging(app, '70-logging', props), new LogCollector(app, '71-log-collector', props)]
      : []),
  ];
  const { loadTest, databaseTest } = config.extras;
  if (loadTest.enabled || databaseTest.enabled) charts.push(new Extras(app, '80-extras', props));
  new Namespaces(app, '00-namespaces', { ...props, footprints: footprints(charts) });
  finish(app, config);
  return app;
}

/** Adds to all objects the common annotations they do not have yet, and to all Services the IP families. */
function finish(app: App, { commonAnnotations, ipFamilies, ipFamilyPolicy }: Config): void {
  const families = [
    ...(ipFamilies.length > 0 ? [JsonPatch.add('/spec/ipFamilies', ipFamilies)] : []),
    ...(ipFamilyPolicy ? [JsonPatch.add('/spec/ipFamilyPolicy', ipFamilyPolicy)] : []),
  ];
  for (const object of app.node.findAll().filter(ApiObject.isApiObject)) {
    if (object.kind === 'Service') object.addJsonPatch(...families);
    const own: Readonly<Record<string, unknown>> = object.metadata.toJson().annotations ?? {};
    for (const [name, value] of Object.entries(commonAnnotations))
      if (!(name in own)) object.metadata.addAnnotation(name, value);
  }
}
