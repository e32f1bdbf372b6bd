import { thirdPartyImage } from '../../charts/config/images.ts';
import { ANY_COMPONENT, mainContainer, selectComponent } from '../core/components.ts';
import { debugArguments } from '../core/consoles.ts';
import { Failure } from '../core/failure.ts';
import { runningPodOf } from '../steps/pods.ts';
import { hasShell, onTerminal, terminal } from '../tools/terminal.ts';
import { type ClusterOptions, liveOf, verb, withCluster } from './options.ts';

interface Options extends ClusterOptions {
  readonly command?: string;
  readonly debug?: boolean;
}

/** The better one of the two where it is. */
const BEST_SHELL = 'command -v bash >/dev/null && exec bash || exec sh';

export const shell = withCluster(
  verb(
    'shell',
    "open a shell in a component's container, or run one command; the exit status is the shell's",
    "./platform shell analytics -c 'python --version'",
  )
    .argument('<service>', ANY_COMPONENT)
    .option('-c, --command <text>', 'run this with sh -c and end')
    .option('--debug', 'in a container of its own beside it, for images without a shell'),
).action(async (name: string, { command, debug, ...options }: Options) => {
  const live = await liveOf(options);
  const component = selectComponent('shell', live.topology, name);
  const pod = await runningPodOf(live, component);
  const script = ['sh', '-c', command ?? BEST_SHELL];
  const input = command === undefined ? undefined : '';
  if (debug) {
    // PostgreSQL's image is on every node already, and has a shell and clients.
    const image = thirdPartyImage(live.config, 'postgres');
    const terminal = input === undefined && onTerminal();
    const args = debugArguments(pod, mainContainer(pod), { image, command: script, terminal });
    process.exitCode = await live.kubectl.attach(args, input);
    return;
  }
  if (!(await hasShell(live.kubectl, pod)))
    throw new Failure(`shell: the image of ${name} has no shell`, 'add --debug for one beside it');
  process.exitCode = await terminal(live.kubectl, pod, script, input);
});
