import type { Command } from 'commander';
import { type DefaultRenderer, Listr, type ListrTaskWrapper, type SimpleRenderer } from 'listr2';
import { prerequisites } from '../../charts/config/prerequisites.ts';
import { extraArguments } from '../core/build-plan.ts';
import { urls } from '../core/cluster.ts';
import { Failure } from '../core/failure.ts';
import { changes, checkAccepted, type Plan, summary } from '../core/plan.ts';
import type { ToolName } from '../core/required-tools.ts';
import { applyPlan } from '../steps/apply.ts';
import { type Bundle, installBundles, readBundles } from '../steps/bundles.ts';
import { bringImages, buildList, describeBrought, restartStale } from '../steps/images.ts';
import { waitForRollout } from '../steps/rollout.ts';
import { ensureSecrets } from '../steps/secrets.ts';
import type { Target } from '../steps/target.ts';
import { checkTools } from '../tools/check-tools.ts';
import { buildImage } from '../tools/docker.ts';
import { LocalCluster } from '../tools/kind.ts';
import {
  clusterConfig,
  type EnvironmentOptions,
  repeatable,
  seconds,
  targetOf,
  verb,
  withEnvironment,
} from './options.ts';
import { line, table } from './print.ts';
import { SHOWN } from './progress.ts';

export interface LocalPlan {
  /** Whether the command builds images. */
  readonly build: boolean;
  /** Whether the command stops after cluster, images and prerequisites. @default false */
  readonly prepareOnly?: boolean;
  /** Seconds until everything must be ready. */
  readonly timeout?: number;
}

/** One line for each step, in order. The only query is for the list of clusters. */
export async function localPlan(
  { config, services, wanted }: Target,
  local: LocalCluster,
  { build, prepareOnly = false, timeout }: LocalPlan,
): Promise<readonly string[]> {
  const cluster = (await local.exists())
    ? `would start the nodes of ${local.name} that are stopped`
    : `would create the kind cluster ${local.name}`;
  const { builds } = buildList({ config, services });
  const lines = [
    cluster,
    ...(build ? builds.map(({ reference }) => `would build ${reference}`) : []),
    `would install what is missing of ${prerequisites(config).join(', ')}`,
    'would load the images that are here and not in the nodes',
  ];
  if (prepareOnly) return lines;
  return [
    ...lines,
    `would make the Secrets that are missing and apply what differs of ${wanted.length} objects`,
    'would restart pods with an older image',
    `would wait until everything is ready${timeout === undefined ? '' : `, at most ${timeout} s`}`,
  ];
}

export interface UpOptions extends EnvironmentOptions {
  readonly clusterConfig?: string;
  readonly bundles?: string;
  readonly buildArg: readonly string[];
  readonly build: boolean;
  readonly timeout: number;
  /** Only the slow steps that change no running workload: cluster, images, prerequisites. @default false */
  readonly prepareOnly?: boolean;
  readonly dryRun?: boolean;
}
type Options = UpOptions;

/** Results that steps pass to later steps. */
interface Findings {
  bundles: readonly Bundle[];
  /** Secrets whose value differs from this shell's environment. */
  differing: readonly string[];
  plan?: Plan;
}

/** The platform, and the local cluster it runs in. */
export interface LocalTarget extends Target {
  readonly local: LocalCluster;
}

type Task = ListrTaskWrapper<Findings, typeof DefaultRenderer, typeof SimpleRenderer>;

export const LOCAL_TOOLS: readonly ToolName[] = ['docker', 'kind', 'kubectl'];

/** Options of verbs that create or update the local cluster. */
export const withLocal = (command: Command): Command =>
  withEnvironment(command)
    .option(
      '--bundles <dir>',
      'folder with the upstream bundles (default: $PLATFORM_BUNDLES, else their addresses)',
    )
    .addOption(
      repeatable(
        '--build-arg <name=value>',
        'build argument of the images, such as PYTHON_IMAGE=mirror/python:3.13',
      ),
    )
    .addOption(clusterConfig())
    .option('--dry-run', 'only say what would be done')
    .addHelpText(
      'after',
      '\nEnvironment: KIND_NODE_IMAGE, PYTHON_IMAGE, DENO_IMAGE, RUNTIME_IMAGE name mirrored images; OPENAI_API_KEY and the like become secrets.',
    );

export const up = withLocal(
  verb(
    'up',
    'bring the platform up on a local kind cluster, or bring a running one up to date',
    './platform up --bundles /media/bundles',
  )
    .option('--no-build', 'take the images as they are')
    .option('--timeout <seconds>', 'how long to wait until everything is ready', seconds, 600),
).action(bringUp);

/** The configured platform, and its local cluster. */
export async function localOf({ clusterConfig: file, ...options }: UpOptions): Promise<LocalTarget> {
  const local = new LocalCluster(file);
  const target = await targetOf({ ...options, context: local.context });
  const { environment, tier } = target.config;
  if (tier !== 'local')
    throw new Failure(
      `--environment: ${environment} is of tier ${tier}, and this is for tier local`,
      `see ./platform deploy ${environment}`,
    );
  return { ...target, local };
}

export async function bringUp(options: UpOptions): Promise<void> {
  const target = await localOf(options);
  const extra = extraArguments(options.buildArg, process.env);
  if (options.dryRun) return sayPlan(target, options);
  const findings: Findings = { bundles: [], differing: [] };
  await steps(target, options, extra).run(findings);
  if (options.prepareOnly) return;
  line(`\n${findings.plan ? summary(findings.plan) : ''}`);
  for (const name of findings.differing)
    line(
      `The Secret ${name} has another value than your environment, and keeps it: ./platform secrets rotate ${target.config.environment} ${name} replaces it.`,
    );
  table(
    ['address', 'service'],
    urls(target.config, target.services).map(({ url, title }) => [url, title]),
  );
}

async function sayPlan(target: LocalTarget, options: Options): Promise<void> {
  await checkTools(LOCAL_TOOLS);
  for (const text of await localPlan(target, target.local, options)) line(text);
}

type BuildValues = Readonly<Record<string, string>>;

function steps(target: LocalTarget, options: Options, extra: BuildValues): Listr<Findings> {
  const all = options.prepareOnly !== true;
  return new Listr<Findings>(
    [
      { title: 'Tools', task: () => checkTools(LOCAL_TOOLS) },
      { title: 'Cluster', task: (_, task) => cluster(target, task) },
      { title: 'Build images', enabled: options.build, task: (_, task) => build(target, extra, task) },
      { title: 'Prerequisites', task: (findings, task) => prepare(target, options, findings, task) },
      { title: 'Load images', task: (findings, task) => load(target, findings, task) },
      { title: 'Compare', enabled: all, task: (findings, task) => compare(target, findings, task) },
      { title: 'Apply', enabled: all, task: (findings, task) => apply(target, findings, task) },
      { title: 'Restart', enabled: all, task: (findings, task) => restart(target, findings, task) },
      { title: 'Wait', enabled: all, task: (_, task) => wait(target, options, task) },
    ],
    { ...SHOWN, rendererOptions: { ...SHOWN.rendererOptions, collapseSubtasks: false } },
  );
}

/** Seconds a stopped cluster may take until it answers. */
export const WAKING_SECONDS = 60;

async function cluster({ kubectl, local }: LocalTarget, task: Task): Promise<void> {
  const exists = await local.exists();
  if (exists) await local.revive();
  else await local.create(process.env.KIND_NODE_IMAGE || undefined);
  await kubectl.reach(WAKING_SECONDS);
  task.title = exists ? 'Cluster: already there' : 'Cluster: created';
}

function build(target: Target, extra: BuildValues, task: Task): Listr<Findings> {
  const { builds, withoutDockerfile } = buildList(target);
  if (withoutDockerfile.length > 0)
    task.title = `Build images (no dockerfiles/ for ${withoutDockerfile.map(({ image }) => image).join(', ')}: taken from a registry)`;
  return task.newListr(
    builds.map((one) => ({
      title: one.reference,
      task: (_, image) =>
        buildImage(one, target.config.images.tag, { extra }, (text) => {
          image.output = text;
        }),
    })),
    { concurrent: 2 },
  );
}

async function prepare(
  { config, kubectl }: Target,
  options: Options,
  findings: Findings,
  task: Task,
): Promise<void> {
  findings.bundles = await readBundles(
    config,
    options.bundles ?? (process.env.PLATFORM_BUNDLES || undefined),
  );
  const installed = await installBundles(kubectl, findings.bundles);
  task.title = `Prerequisites: ${installed.length > 0 ? `installed ${installed.join(', ')}` : 'already there'}`;
}

async function load({ wanted, local }: LocalTarget, { bundles }: Findings, task: Task): Promise<void> {
  const objects = [...wanted, ...bundles.flatMap((bundle) => bundle.objects)];
  const brought = await bringImages(local, objects, (text) => {
    task.output = text;
  });
  task.title = describeBrought(brought);
}

async function compare({ kubectl, config, wanted }: Target, findings: Findings, task: Task): Promise<void> {
  findings.plan = await kubectl.plan(config.environment, wanted);
  checkAccepted(findings.plan);
  task.title = `Compare: ${summary(findings.plan).replace('changed', 'to change')}`;
}

async function apply(target: Target, findings: Findings, task: Task): Promise<void> {
  const plan = planned(findings);
  let secrets = { made: 0, differing: findings.differing };
  await applyPlan(target, plan, async () => {
    secrets = await ensureSecrets(target);
  });
  findings.differing = secrets.differing;
  task.title = `Apply: ${changes(plan)} objects, ${secrets.made} secrets made`;
}

async function restart(target: LocalTarget, findings: Findings, task: Task): Promise<void> {
  const { created, changed } = planned(findings);
  const fresh = new Set(
    [...created, ...changed].map(({ metadata }) => `${metadata.namespace}/${metadata.name}`),
  );
  const restarted = await restartStale(target, target.local, fresh);
  task.title = `Restart: ${restarted.length > 0 ? restarted.join(', ') : 'nothing runs an older image'}`;
}

async function wait(target: Target, { timeout }: Options, task: Task): Promise<void> {
  const count = await waitForRollout(target, timeout, (text) => {
    task.output = text;
  });
  task.title = `Wait: ${count} workloads ready`;
}

function planned({ plan }: Findings): Plan {
  if (!plan) throw new Failure('up: nothing was compared yet');
  return plan;
}
