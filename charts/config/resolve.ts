/** From an environment's name and overrides to one resolved, cross-checked configuration. */
import type { z } from 'zod';
import { bytesOf, millicores } from '../constructs/quantity.ts';
import { everyComponent } from '../graph/every.ts';
import type { ServiceSpec } from '../graph/model.ts';
import { SERVICES } from '../topology.ts';
import { checkConnections } from './connections.ts';
import { checkDestinations } from './destinations.ts';
import { checkEdge } from './edge.ts';
import { type ConfigOverride, ENVIRONMENT_CONFIG, ENVIRONMENTS } from './environments.ts';
import { ConfigError } from './error.ts';
import { checkExtras } from './extras.ts';
import { checkLogging } from './logging.ts';
import { checkMonitoring } from './monitoring.ts';
import { checkObjects } from './objects.ts';
import { checkOutside } from './outside.ts';
import { checkPods } from './pods.ts';
import { type Config, configSchema, environmentName, SPARE_SECONDS } from './schema.ts';
import { expectedField } from './shape.ts';
import { didYouMean } from './suggest.ts';
import { isObject, valueAt } from './values.ts';

/** `over` on `base`, objects merged, everything else (lists too) replaced. */
export function merge(base: unknown, over: unknown): unknown {
  if (!isObject(base) || !isObject(over)) return over === undefined ? base : over;
  const merged: Record<string, unknown> = { ...base };
  for (const [key, value] of Object.entries(over)) merged[key] = merge(base[key], value);
  return merged;
}

/** An environment of one's own: what an entry of `ENVIRONMENT_CONFIG` says, with the name it has. */
export type OwnEnvironment = Readonly<Record<string, unknown>> & { readonly environment: string };

/** What an environment says. @throws ConfigError unless it is one of those here, or one of one's own with a name. */
function environmentOf(environment: string | OwnEnvironment): OwnEnvironment {
  if (typeof environment !== 'string') {
    if (!environmentName.safeParse(environment.environment).success)
      throw new ConfigError('environment', environment.environment, 'a name such as preprod');
    return environment;
  }
  const found = Object.hasOwn(ENVIRONMENT_CONFIG, environment) ? ENVIRONMENT_CONFIG[environment] : undefined;
  if (!found)
    throw new ConfigError(
      'environment',
      environment,
      `one of ${ENVIRONMENTS.join(', ')}${didYouMean(environment, ENVIRONMENTS)}`,
    );
  return { ...found, environment };
}

/**
 * The configuration of an environment with overrides, each applied on the one before.
 *
 * @param overrides objects of the shape of `ConfigOverride`; checked, so they may come from a file or a command line.
 * @throws ConfigError naming the field, the value and what was expected.
 */
export function resolveConfig(
  environment: string | OwnEnvironment,
  overrides: readonly (ConfigOverride | Readonly<Record<string, unknown>>)[] = [],
  services: readonly ServiceSpec[] = SERVICES,
): Config {
  const entry = environmentOf(environment);
  const name = entry.environment;
  let input: unknown = entry;
  for (const override of overrides) input = merge(input, override);
  const parsed = configSchema.safeParse(input);
  if (!parsed.success) throw firstError(parsed.error, input);
  if (parsed.data.environment !== name)
    throw new ConfigError('environment', parsed.data.environment, `${name}, the environment asked for`);
  crossCheck(parsed.data, services);
  return parsed.data;
}

function firstError(error: z.ZodError, input: unknown): ConfigError {
  const issue = error.issues[0];
  if (!issue) return new ConfigError('config', input, 'a configuration');
  if (issue.code === 'unrecognized_keys') {
    const path = [...issue.path, issue.keys[0] ?? ''];
    return new ConfigError(
      path.join('.'),
      valueAt(input, path),
      expectedField(issue.path, issue.keys[0] ?? ''),
    );
  }
  return new ConfigError(issue.path.join('.'), valueAt(input, issue.path), expectation(issue));
}

function expectation(issue: z.core.$ZodIssue): string {
  if (issue.code === 'invalid_value') return `one of ${issue.values.join(', ')}`;
  if (issue.code === 'invalid_type') return `a value of type ${issue.expected}`;
  return issue.message;
}

function crossCheck(config: Config, services: readonly ServiceSpec[]): void {
  checkServices(config, services);
  checkObjects(config);
  checkOutside(config);
  checkPods(config, everyComponent(services));
  checkAutoscaling(config.autoscaling, 'autoscaling');
  checkAllowance(config.databases, 'databases');
  checkConnections(config, services);
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
    throw new ConfigError(
      'secrets.store',
      config.secrets.store,
      'a store, because secrets.source is external',
    );
  if (config.secrets.source !== 'external' && config.secrets.store)
    throw new ConfigError('secrets.source', config.secrets.source, 'external, because secrets.store is set');
  if (config.terminationSeconds <= config.drainSeconds + SPARE_SECONDS)
    throw new ConfigError(
      'terminationSeconds',
      config.terminationSeconds,
      `more than drainSeconds (${config.drainSeconds}) and ${SPARE_SECONDS} to spare`,
    );
}

function checkSimulator({ simulator, environment, tier }: Config): void {
  if (simulator.models && tier !== 'local')
    throw new ConfigError(
      'simulator.models',
      simulator.models,
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
