/** Options several verbs share, and how they become overrides, services and a configuration. */

import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { extname, resolve } from 'node:path';
import { Command, InvalidArgumentError, Option } from 'commander';
import { topologyOf } from '../../charts/app.ts';
import { ENVIRONMENTS, LOCAL } from '../../charts/config/environments.ts';
import { type OwnEnvironment, resolveConfig } from '../../charts/config/resolve.ts';
import type { Config } from '../../charts/config/schema.ts';
import { isObject } from '../../charts/config/values.ts';
import type { ServiceSpec, Topology } from '../../charts/graph/model.ts';
import { renderObjects } from '../../charts/render.ts';
import { SERVICES } from '../../charts/topology.ts';
import { contextOf } from '../core/cluster.ts';
import { Failure, messageOf } from '../core/failure.ts';
import { type KubeObject, kubeObject } from '../core/objects.ts';
import { type Override, parseServices, parseSet, parseValues } from '../core/overrides.ts';
import { ROOT } from '../core/paths.ts';
import type { LivePlatform, Target } from '../steps/target.ts';
import { checkTools } from '../tools/check-tools.ts';
import { Kubectl } from '../tools/kubectl.ts';

/** @param wanted what the option takes. @throws Failure when the file cannot be read. */
export function readText(option: string, file: string, wanted = 'a YAML file'): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    throw new Failure(`${option}: "${file}" cannot be read (${messageOf(error)})`, `name ${wanted}`);
  }
}

/**
 * The value a module exports under a name; undefined when there is none. Node alone may not load TypeScript,
 * and a bundle has no `import()`, so tsx's `require` loads the module.
 */
export async function exportOf(file: string, name: string): Promise<unknown> {
  const api: typeof import('tsx/cjs/api') = createRequire(import.meta.url)('tsx/cjs/api');
  const loaded: unknown = api.require(resolve(file), `${ROOT}/`);
  return isObject(loaded) ? loaded[name] : undefined;
}

/** A name has neither a dot nor a slash; a path has at least one. */
const isFile = (environment: string): boolean => /[./]/.test(environment);

/** @throws Failure for a file that defines no environment. */
export async function environmentFrom(environment: string): Promise<string | OwnEnvironment> {
  if (!isFile(environment)) return environment;
  const content = ['.ts', '.mts', '.js', '.mjs'].includes(extname(environment))
    ? await exported(environment)
    : parseValues(readText('--environment', environment), environment, '--environment');
  const { environment: name } = content;
  if (typeof name === 'string') return { ...content, environment: name };
  throw new Failure(
    `--environment: "${environment}" has no name`,
    'begin it with a line such as `environment: preprod`',
  );
}

async function exported(file: string): Promise<Readonly<Record<string, unknown>>> {
  const found = await exportOf(file, 'ENVIRONMENT').catch((error: unknown) => {
    throw new Failure(`--environment: "${file}" cannot be loaded (${messageOf(error)})`, EXPECTED);
  });
  if (isObject(found)) return found;
  throw new Failure(`--environment: "${file}" exports no ENVIRONMENT`, EXPECTED);
}

const EXPECTED = "expected a module with `export const ENVIRONMENT = { environment: 'preprod', … }`";

/** Both spellings; a file may be in any folder. */
export const ENVIRONMENT = '--environment, --env <name>';
const ENVIRONMENT_HELP = 'environment, or a YAML file or a module that is one, such as ./preprod.yaml';

export interface OverrideOptions {
  readonly set: readonly string[];
  readonly values: readonly string[];
  readonly topology?: string;
}

export interface EnvironmentOptions extends OverrideOptions {
  readonly env: string;
}

export interface ClusterOptions extends EnvironmentOptions {
  readonly context?: string;
}

/** An option that may be given several times. */
export const repeatable = (flags: string, description: string): Option =>
  new Option(flags, `${description} (repeatable)`)
    .argParser((value: string, previous: readonly string[]) => [...previous, value])
    .default([], 'none');

export const confirmation = (): Option => new Option('-y, --yes', 'do not ask');

/** For a cluster of another shape, or a second cluster beside the usual one. */
export const clusterConfig = (): Option =>
  new Option(
    '--cluster-config <file>',
    'kind configuration that names the cluster (default: kind-config.yaml)',
  );

/** A verb whose help shows an example. */
export const verb = (name: string, description: string, example: string): Command =>
  new Command(name).description(description).addHelpText('after', `\nExample:\n  $ ${example}`);

export const withOverrides = (command: Command): Command =>
  command
    .addOption(
      repeatable('--set <path=value>', 'override a field of the configuration, such as images.tag=1.2.3'),
    )
    .addOption(repeatable('--values <file>', 'override fields from a YAML file, before --set'))
    .option('--topology <file>', 'take SERVICES from this module instead of charts/topology.ts');

export const withEnvironment = (command: Command): Command =>
  withOverrides(command.option(ENVIRONMENT, ENVIRONMENT_HELP, LOCAL));

export const withCluster = (command: Command): Command =>
  withEnvironment(command).option('--context <name>', 'kubectl context (in tier local: the kind cluster)');

export interface DeploymentOptions extends OverrideOptions {
  readonly context?: string;
}

/** For verbs about the releases of one environment: the user must name it. */
export const withDeployment = (command: Command): Command =>
  withOverrides(
    command.argument('<environment>', `${ENVIRONMENTS.join(', ')}, or a file that is one`),
  ).option('--context <name>', 'kubectl context (in tier local: the kind cluster)');

/** @throws InvalidArgumentError for anything but a whole number of seconds. */
export function seconds(text: string): number {
  if (!/^[1-9]\d*$/.test(text)) throw new InvalidArgumentError('expected a number of seconds such as 600.');
  return Number(text);
}

export const overridesOf = ({ values, set }: OverrideOptions): readonly Override[] => [
  ...values.map((file) => parseValues(readText('--values', file), file)),
  ...set.map(parseSet),
];

export async function servicesOf({ topology }: OverrideOptions): Promise<readonly ServiceSpec[]> {
  if (topology === undefined) return SERVICES;
  const exported: unknown = await exportOf(topology, 'SERVICES').catch((error: unknown) => {
    throw new Failure(
      `--topology: "${topology}" cannot be loaded (${messageOf(error).replace(/ Require stack:.*/, '')})`,
      'name a module that exports SERVICES',
    );
  });
  return parseServices(exported, topology);
}

export interface Setup {
  readonly config: Config;
  readonly services: readonly ServiceSpec[];
  readonly topology: Topology;
}

export async function setupOf(options: EnvironmentOptions): Promise<Setup> {
  const services = await servicesOf(options);
  const config = resolveConfig(await environmentFrom(options.env), overridesOf(options), services);
  return { config, services, topology: topologyOf(config, services) };
}

/** The objects an environment should have. */
export const wantedObjects = ({ config, services }: Setup): readonly KubeObject[] =>
  renderObjects(config, services).map((object) => kubeObject.parse(object));

/** The platform and its cluster. @throws Failure when kubectl is missing or the cluster does not answer. */
export const liveOf = async (options: ClusterOptions): Promise<LivePlatform> =>
  liveFrom(await setupOf(options), options);

/** The same, for verbs that first refuse a wrong configuration. */
export async function liveFrom(setup: Setup, options: ClusterOptions): Promise<LivePlatform> {
  const kubectl = new Kubectl(contextOf(setup.config, options.context));
  await checkTools(['kubectl']);
  await kubectl.reach();
  return { ...setup, kubectl };
}

export async function targetOf(options: ClusterOptions): Promise<Target> {
  const setup = await setupOf(options);
  const context = contextOf(setup.config, options.context);
  return { ...setup, wanted: wantedObjects(setup), kubectl: new Kubectl(context) };
}
