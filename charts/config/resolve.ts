/** From an environment's name and overrides to one resolved, cross-checked configuration. */
import type { z } from 'zod';
import { ConfigError } from '../graph/error.ts';
import type { ServiceSpec } from '../graph/model.ts';
import { SERVICES } from '../topology.ts';
import { crossCheck } from './checks.ts';
import { type ConfigOverride, ENVIRONMENT_CONFIG, ENVIRONMENTS } from './environments.ts';
import { type Config, configSchema, environmentName } from './schema.ts';
import { expectedField } from './shape.ts';
import { didYouMean } from './suggest.ts';
import { isObject, valueAt } from './values.ts';

/** Merges `over` into `base`: objects are merged; everything else, lists too, is replaced. */
export function merge(base: unknown, over: unknown): unknown {
  if (!isObject(base) || !isObject(over)) return over === undefined ? base : over;
  const merged: Record<string, unknown> = { ...base };
  for (const [key, value] of Object.entries(over)) merged[key] = merge(base[key], value);
  return merged;
}

/** A user's own environment: an entry as in `ENVIRONMENT_CONFIG`, with its name. */
export type OwnEnvironment = Readonly<Record<string, unknown>> & { readonly environment: string };

/** Values of an environment. @throws ConfigError for an unknown name, or a user's environment without one. */
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
