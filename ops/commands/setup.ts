import { ROOT } from '../core/paths.ts';
import { run } from '../tools/run.ts';
import { verb } from './options.ts';
import { line } from './print.ts';
import { showing } from './progress.ts';
import { bringUp, type UpOptions, withLocal } from './up.ts';

interface Options extends UpOptions {
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
  .action(async ({ python, ...options }: Options) => {
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
