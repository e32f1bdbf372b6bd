import { livePod } from '../core/components.ts';
import { Failure } from '../core/failure.ts';
import { ROOT } from '../core/paths.ts';
import { asleep, workload } from '../core/workloads.ts';
import { waitForRollout } from '../steps/rollout.ts';
import type { ConfiguredCluster } from '../steps/target.ts';
import { checkTools } from '../tools/check-tools.ts';
import { run } from '../tools/run.ts';
import { until } from '../tools/wait.ts';
import { seconds, verb } from './options.ts';
import { json, line } from './print.ts';
import { type Say, showing } from './progress.ts';
import {
  bringUp,
  LOCAL_TOOLS,
  type LocalTarget,
  localOf,
  type UpOptions,
  WAKING_SECONDS,
  withLocal,
} from './up.ts';

interface SetupOptions extends UpOptions {
  readonly python: boolean;
}

export const setup = withLocal(
  verb(
    'setup',
    'prepare a new machine: check the tools, install packages, create the cluster, build and load the images',
    './platform setup && ./platform start',
  )
    .option('--no-build', 'take the images as they are')
    .option('--no-python', 'without the Python environment, which only tests of the services need'),
)
  .addHelpText('after', '\nEvery step is done once: run it again after whatever went wrong.')
  .action(async ({ python, ...options }: SetupOptions) => {
    if (python && options.dryRun) line('would make the Python environment .venv (scripts/python-env)');
    else if (python)
      await showing(
        {},
        {
          title: 'Python environment',
          work: (say) => run(`${ROOT}/scripts/python-env`, [], { onLine: say }),
        },
      );
    await bringUp({ ...options, prepareOnly: true });
    if (!options.dryRun) line('\nReady for ./platform start.');
  });

/** @param nodes last start of each node. */
export async function waitUntilAwake(
  { kubectl, config }: ConfiguredCluster,
  nodes: ReadonlyMap<string, string>,
  timeoutSeconds: number,
  report: (line: string) => void,
): Promise<void> {
  let last = '';
  await until({ seconds: timeoutSeconds, pauseMs: 1000 }, async (late) => {
    const waiting = asleep(await kubectl.pods(livePod, config.environment), nodes);
    if (waiting.length === 0) return true;
    if (late())
      throw new Failure(
        `start: ${waiting.join(', ')} did not begin again in ${timeoutSeconds} s`,
        'see ./platform status',
      );
    const state = `waiting for ${waiting.join(', ')} to begin again`;
    if (state !== last) report(state);
    last = state;
    return undefined;
  });
}

interface Options extends UpOptions {
  readonly json?: boolean;
}

export const start = withLocal(
  verb(
    'start',
    'start a stopped platform, or bring it up with the local images; waits until everything is ready',
    './platform start --timeout 120',
  )
    .option('--timeout <seconds>', 'how long to wait until everything is ready', seconds, 600)
    .option('--json', 'print the seconds it took as JSON'),
)
  .addHelpText('after', '\nChanged code or configuration is what ./platform up brings.')
  .action(async (options: Options) => {
    const began = performance.now();
    const target = await localOf(options);
    await checkTools(LOCAL_TOOLS);
    const exists = await target.local.exists();
    if (exists && options.dryRun) return sayWake(target, options);
    const workloads = exists ? await wake(target, options) : 0;
    if (workloads === 0) await bringUp({ ...options, build: false });
    if (options.dryRun) return;
    const took = Math.round((performance.now() - began) / 100) / 10;
    if (options.json) json({ seconds: took });
    else line(`All ready after ${took} s.`);
  });

async function sayWake({ local }: LocalTarget, { timeout }: Options): Promise<void> {
  line(`would start ${(await local.nodes()).join(', ')}`);
  line(`would wait until everything is ready, at most ${timeout} s`);
  line('where nothing was deployed yet: would do what ./platform up --no-build does');
}

/** Returns the number of workloads: 0 in a cluster without a deployment. */
async function wake(target: LocalTarget, options: Options): Promise<number> {
  const { kubectl, config, local } = target;
  await showing(options, {
    title: `Start ${local.name}`,
    work: async () => {
      await local.revive();
      await kubectl.reach(WAKING_SECONDS);
    },
  });
  if ((await kubectl.workloads(workload, config)).length === 0) return 0;
  const ready = async (say: Say): Promise<number> => {
    await waitUntilAwake(target, await local.startedAt(), options.timeout, say);
    return waitForRollout(target, options.timeout, say);
  };
  return showing(options, {
    title: 'Wait',
    work: ready,
    done: (count) => `Wait: ${count} workloads ready`,
  });
}
