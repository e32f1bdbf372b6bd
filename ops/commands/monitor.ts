import { componentOf } from '../../charts/graph/build.ts';
import { type Forwardable, forwardables, runningPod, selectComponents } from '../core/components.ts';
import { Failure, messageOf } from '../core/failure.ts';
import { podsAround, portOfPod, runningPodOf } from '../steps/pods.ts';
import type { LivePlatform } from '../steps/target.ts';
import { type Forwarding, forward } from '../tools/forward.ts';
import { checkInterrupted, interrupted, pause } from '../tools/interrupt.ts';
import { type ClusterOptions, liveOf, verb, withCluster } from './options.ts';
import { json, line, table } from './print.ts';

interface Options extends ClusterOptions {
  readonly print?: boolean;
  readonly json?: boolean;
}

/** A console, with its pod or the reason it is off. */
interface Console extends Forwardable {
  readonly pod?: string;
  readonly off?: string;
}

const AGAIN_MS = 2000;

export const monitor = withCluster(
  verb(
    'monitor',
    'forward Prometheus, Grafana, Alertmanager and Redis to this machine, until Ctrl-C; names those that are disabled',
    './platform monitor --print',
  )
    .option('--print', 'only print the addresses and what is off')
    .option('--json', 'the same as JSON'),
)
  .addHelpText('after', '\nOnly 127.0.0.1 listens. Ctrl-C ends it with exit status 0.')
  .action(async (options: Options) => {
    const live = await liveOf(options);
    const consoles = await consolesOf(live);
    if (options.json) return json(consoles.map(({ localPort: _, port: __, ...shown }) => shown));
    table(
      ['console', 'address', 'pod'],
      consoles.map(({ title, address, pod, off }) => [title, off ? '' : address, pod ?? `off: ${off}`]),
    );
    if (options.print) return;
    const on = consoles.filter(({ off }) => off === undefined);
    if (on.length === 0) throw new Failure('monitor: nothing to forward', 'see ./platform status');
    const opened: Forwarding[] = [];
    try {
      for (const one of on) opened.push(await openConsole(live, one));
      line('\nForwarding until Ctrl-C ...');
      await Promise.all(on.map((one, index) => keepOpen(live, one, opened[index])));
    } catch (error) {
      // One failure, such as a taken local port, closes all forwardings.
      for (const { close } of opened) close();
      if (!interrupted.aborted) throw error;
    }
  });

async function consolesOf(live: LivePlatform): Promise<readonly Console[]> {
  const { config, topology } = live;
  const found = forwardables(config, topology);
  const there = found.filter(({ port }) => port !== undefined).map(({ component }) => component);
  const components = selectComponents('monitor', topology, there);
  const pods = await podsAround(live, components);
  return found.map((one) => {
    if (one.port === undefined) return { ...one, off: 'not part of this configuration' };
    try {
      return { ...one, pod: runningPod(config, componentOf(topology, one.component), pods).metadata.name };
    } catch (error) {
      return { ...one, off: messageOf(error) };
    }
  });
}

/** Forwards to a running pod of the console. */
async function openConsole(
  live: LivePlatform,
  { component: name, localPort, port = 0 }: Console,
): Promise<Forwarding> {
  const pod = await runningPodOf(live, componentOf(live.topology, name));
  return forward({ ...portOfPod(live.kubectl, pod, port), localPort });
}

/** Replacing a pod ends its forwarding: opens a new one, until the command is interrupted. */
async function keepOpen(live: LivePlatform, one: Console, first: Forwarding | undefined): Promise<void> {
  for (let forwarding = first; ; await pause(AGAIN_MS))
    try {
      forwarding ??= await openConsole(live, one);
      await forwarding.ended;
    } catch (error) {
      checkInterrupted();
      line(`${one.component}: ${messageOf(error)}; trying again`);
      forwarding = undefined;
    }
}
