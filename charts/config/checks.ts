/** Checks across the fields of a configuration. Each schema file checks its own fields alone. */

import { ConfigError } from '../graph/error.ts';
import { everyComponent } from '../graph/every.ts';
import type { ServiceSpec } from '../graph/model.ts';
import { checkConnections } from './connections.ts';
import { checkDestinations } from './destinations.ts';
import { checkEdge } from './edge-checks.ts';
import { checkExternal } from './external.ts';
import { checkGrace } from './grace.ts';
import { notifies } from './monitoring.ts';
import { checkObjects } from './objects.ts';
import { checkPods } from './pods.ts';
import { bytesOf, millicores } from './quantity.ts';
import type { Config } from './schema.ts';
import { signsWithOwnKey } from './tokens.ts';
import { invalid } from './values.ts';

/**
 * Finds fields that contradict each other, the services or the environment.
 *
 * @throws ConfigError naming the field, the value and what was expected.
 */
export function crossCheck(config: Config, services: readonly ServiceSpec[]): void {
  checkServices(config, services);
  checkObjects(config);
  checkOutside(config);
  checkPods(config, everyComponent(services));
  checkAutoscaling(config.autoscaling, 'autoscaling');
  checkAllowance(config.databases, 'databases');
  checkExternal(config, services);
  checkConnections(config, services);
  checkGrace(config, services);
  checkAllowance(config.redis, 'redis');
  checkAllowance(config.edge, 'edge');
  checkImages(config, services);
  checkEdge(config);
  checkSimulator(config);
  checkAllowance(config.monitoring, 'monitoring');
  checkAllowance(config.monitoring.grafana, 'monitoring.grafana');
  checkMonitoring(config);
  checkDestinations(config);
  checkLogging(config);
  checkExtras(config);
  if (config.secrets.source === 'external' && !config.secrets.store)
    throw invalid(config, 'secrets.store', 'a store, because secrets.source is external');
  if (config.secrets.source !== 'external' && config.secrets.store)
    throw invalid(config, 'secrets.source', 'external, because secrets.store is set');
}

function checkSimulator(config: Config): void {
  const { simulator, environment, tier } = config;
  if (simulator.models && tier !== 'local')
    throw invalid(
      config,
      'simulator.models',
      `false: a model is simulated in tier local only, and ${environment} is ${tier}`,
    );
}

function checkServices(config: Config, services: readonly ServiceSpec[]): void {
  const names = services.map((spec) => spec.name);
  for (const [name, service] of Object.entries(config.services)) {
    if (!names.includes(name)) throw new ConfigError('services', name, `one of ${names.join(', ')}`);
    const field = `services.${name}`;
    if (service.replicas !== undefined && config.autoscaling.enabled)
      throw new ConfigError(
        `${field}.replicas`,
        service.replicas,
        'minReplicas and maxReplicas, because autoscaling is on',
      );
    const { minReplicas = config.autoscaling.minReplicas, maxReplicas = config.autoscaling.maxReplicas } =
      service;
    checkAutoscaling({ minReplicas, maxReplicas }, field);
    checkAllowance(service, field);
  }
  for (const spec of services) checkAllowance(spec, `topology.${spec.name}`);
}

function checkAutoscaling(
  range: { readonly minReplicas: number; readonly maxReplicas: number },
  field: string,
): void {
  if (range.minReplicas > range.maxReplicas)
    throw new ConfigError(
      `${field}.minReplicas`,
      range.minReplicas,
      `at most maxReplicas (${range.maxReplicas})`,
    );
}

interface Allowances {
  readonly cpu?: { readonly request: string; readonly limit: string } | undefined;
  readonly memory?: { readonly request: string; readonly limit: string } | undefined;
}

function checkAllowance({ cpu, memory }: Allowances, field: string): void {
  const compare = (
    kind: string,
    allowance: { request: string; limit: string } | undefined,
    parse: (q: string) => number,
  ) => {
    if (!allowance) return;
    for (const [end, quantity] of Object.entries(allowance))
      try {
        parse(quantity);
      } catch {
        throw new ConfigError(`${field}.${kind}.${end}`, quantity, 'a quantity such as 250m or 256Mi');
      }
    if (parse(allowance.request) > parse(allowance.limit))
      throw new ConfigError(
        `${field}.${kind}.request`,
        allowance.request,
        `at most the limit (${allowance.limit})`,
      );
  };
  compare('cpu', cpu, millicores);
  compare('memory', memory, bytesOf);
}

function checkImages({ images, environment, tier }: Config, services: readonly ServiceSpec[]): void {
  if (images.tag === 'latest' && tier !== 'local')
    throw new ConfigError('images.tag', images.tag, `a fixed version: latest is refused in ${environment}`);
  const known = services.map((spec) => spec.image ?? spec.name);
  for (const image of Object.keys(images.digests))
    if (!known.includes(image)) throw new ConfigError('images.digests', image, `one of ${known.join(', ')}`);
}

/** @throws ConfigError when the parts of logging contradict each other. */
function checkLogging(config: Config): void {
  if (config.logging.snapshots && config.egress['object-store'].cidrs.length === 0)
    throw invalid(
      config,
      'egress.object-store.cidrs',
      'at least one range, because logging.snapshots is set',
    );
}

/** @throws ConfigError when the parts of the monitoring contradict each other. */
function checkMonitoring(config: Config): void {
  const { alertmanager, remoteWrite } = config.monitoring;
  if (notifies(config, 'email')) {
    const needs = 'because monitoring.alertmanager.routes names email';
    if (!alertmanager.emailTo.includes('@'))
      throw invalid(config, 'monitoring.alertmanager.emailTo', `an e-mail address, ${needs}`);
    if (config.settings.smtpHost === '')
      throw invalid(config, 'settings.smtpHost', `a mail server, ${needs}`);
    if (config.settings.smtpFrom === '') throw invalid(config, 'settings.smtpFrom', `a sender, ${needs}`);
  }
  if (alertmanager.configSecret && (notifies(config, 'email') || notifies(config, 'webhook')))
    throw invalid(
      config,
      'monitoring.alertmanager.configSecret',
      'nothing, or monitoring.alertmanager.routes left empty: the Secret has routes of its own',
    );
  if (remoteWrite.authentication !== 'none' && remoteWrite.url === '')
    throw invalid(
      config,
      'monitoring.remoteWrite.url',
      `an address, because monitoring.remoteWrite.authentication is ${remoteWrite.authentication}`,
    );
}

/** @throws ConfigError when the bundle has two sources. */
function checkOutside(config: Config): void {
  if (config.trust.configMap && config.trust.secret)
    throw invalid(config, 'trust.secret', 'nothing, because trust.configMap is set');
}

/** @throws ConfigError when the callers of a load test could have no tokens. */
function checkExtras(config: Config): void {
  if (config.extras.loadTest.enabled && signsWithOwnKey(config))
    throw invalid(
      config,
      'extras.loadTest.enabled',
      `false, because settings.jwtAlgorithm is ${config.settings.jwtAlgorithm}: its callers get their tokens from the key all services share, which is HS256's`,
    );
}
