/** Options several verbs share, and how they become overrides, services and a configuration. */
import { Command, InvalidArgumentError, Option } from 'commander';
import { topologyOf } from '../../charts/app.ts';
import { ENVIRONMENTS, LOCAL } from '../../charts/config/environments.ts';
import { resolveConfig } from '../../charts/config/resolve.ts';
import type { Config } from '../../charts/config/schema.ts';
import type { ServiceSpec, Topology } from '../../charts/graph/model.ts';
import { renderObjects } from '../../charts/render.ts';
import { SERVICES } from '../../charts/topology.ts';
import { contextOf } from '../core/cluster.ts';
import { Failure, messageOf } from '../core/failure.ts';
import { type KubeObject, kubeObject } from '../core/objects.ts';
import { type Override, parseServices, parseSet, parseValues } from '../core/overrides.ts';
import type { LivePlatform, Target } from '../steps/target.ts';
import { checkTools } from '../tools/check-tools.ts';
import { Kubectl } from '../tools/kubectl.ts';
import { environmentFrom, exportOf, readText } from './environment.ts';

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

/** For clusters of another shape, or beside the usual one. */
export const clusterConfig = (): Option =>
  new Option(
    '--cluster-config <file>',
    'kind configuration that names the cluster (default: kind-config.yaml)',
  );

/** A verb with a line of help that shows it in use. */
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

/** For verbs that are about the releases of one environment: it is named, never assumed. */
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

/** The platform as configured, and the cluster it is in. */
/** For verbs that look at a cluster or act in it. @throws Failure when kubectl is missing or the cluster does not answer. */
export const liveOf = async (options: ClusterOptions): Promise<LivePlatform> =>
  liveFrom(await setupOf(options), options);

/** The same for verbs that look at the configuration first, and refuse what no cluster could change. */
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
