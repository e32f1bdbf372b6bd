import { styleText } from 'node:util';
import { InvalidArgumentError } from 'commander';
import type { Component } from '../../charts/graph/model.ts';
import {
  ANY_COMPONENT,
  type LivePod,
  mainContainer,
  podsOfComponent,
  selectComponents,
} from '../core/components.ts';
import { Failure, messageOf } from '../core/failure.ts';
import {
  byTime,
  fieldsOf,
  foundLines,
  isAbout,
  type LogLine,
  MOST_LINES,
  parseLogLine,
  said,
} from '../core/logs.ts';
import { searchLogs } from '../steps/elasticsearch.ts';
import { podsAround } from '../steps/pods.ts';
import type { LivePlatform } from '../steps/target.ts';
import { interrupted, pause } from '../tools/interrupt.ts';
import { inParallel } from '../tools/parallel.ts';
import { type ClusterOptions, liveFrom, liveOf, setupOf, verb, withCluster } from './options.ts';
import { line } from './print.ts';

interface Options extends ClusterOptions {
  readonly follow?: boolean;
  readonly since?: string;
  readonly tail?: number;
  readonly requestId?: string;
  readonly search?: string;
  readonly raw?: boolean;
  readonly json?: boolean;
}

/** A pod and its component, whose name begins the pod's lines. */
interface Source {
  readonly component: string;
  readonly pod: LivePod;
}

const TAIL = 20;
/** Lines a search shows by default. */
const FOUND = 100;
/** Seconds between two looks for new pods to follow. */
const LOOK_AGAIN_SECONDS = 2;

export const logs = withCluster(
  verb(
    'logs',
    'show the logs of components, merged in the order they were written',
    './platform logs api-gateway security --follow --since 10m',
  )
    .argument('[service...]', `${ANY_COMPONENT} (default: all)`)
    .option('-f, --follow', 'go on with what is written from now on, in pods that come as well, until Ctrl-C')
    .option('--since <duration>', 'not older than that, such as 30s, 10m, 2h, 3d', duration)
    .option(
      '--tail <lines>',
      `lines of each container (default: ${TAIL}; all with --since or --request-id)`,
      count,
    )
    .option('--request-id <id>', "only lines about that request, as an answer's X-Request-Id names it")
    .option(
      '--search <query>',
      `ask the log store, which keeps lines of pods that are gone: words and field:value, the newest ${FOUND} or --tail`,
    )
    .option('--raw', 'lines as they were written, after the prefix')
    .option('--json', 'one JSON object a line: time, component, pod, container, and the line'),
)
  .addHelpText(
    'after',
    "  $ ./platform logs --request-id 0b8f6d5c2f8e4c0b9d3a7e1f5a6c4b2d\n  $ ./platform logs --search 'level:error AND timeout' --since 2d --env staging\n\nCtrl-C ends --follow with exit status 0.",
  )
  .action(async (names: readonly string[], options: Options) => {
    if (options.search !== undefined) return search(names, options, options.search);
    const live = await liveOf(options);
    const components = selectComponents('logs', live.topology, names);
    await (options.follow ? follow(live, components, options) : show(live, components, options));
  });

function duration(text: string): string {
  if (!/^[1-9]\d*[smhd]$/.test(text))
    throw new InvalidArgumentError('expected a duration such as 30s, 10m, 2h or 3d.');
  return text;
}

/** kubectl accepts no unit for days. */
const inHours = (since: string): string =>
  since.endsWith('d') ? `${Number(since.slice(0, -1)) * 24}h` : since;

function count(text: string): number {
  if (!/^\d{1,7}$/.test(text)) throw new InvalidArgumentError('expected a number of lines such as 100.');
  return Number(text);
}

/** Shows lines of the log store, including those of deleted pods. */
async function search(names: readonly string[], options: Options, query: string): Promise<void> {
  const { follow: following, tail = FOUND, requestId, since } = options;
  if (following) throw new Failure('logs: --search finds what was written, --follow waits', 'leave one out');
  if (query.trim() === '')
    throw new Failure('logs: --search "" asks for nothing', 'expected words and field:value');
  if (tail < 1 || tail > MOST_LINES)
    throw new Failure(`logs: --tail ${tail} is not possible with --search`, `expected 1 to ${MOST_LINES}`);
  const setup = await setupOf(options);
  const { config, topology } = setup;
  if (!config.logging.enabled)
    throw new Failure(
      'logs: logging.enabled is false, so there is no log store to --search',
      'without it: ./platform logs --request-id ID',
    );
  const components = names.length === 0 ? [] : selectComponents('logs', topology, names);
  const live = await liveFrom(setup, options);
  const found = await searchLogs(live, {
    query,
    components: components.map(({ name }) => name),
    lines: tail,
    ...(requestId === undefined ? {} : { requestId }),
    ...(since === undefined ? {} : { since }),
  });
  const lines = foundLines(found);
  const print = printer(topology.components, { raw: options.raw ?? false, json: options.json ?? false });
  for (const [component, one] of lines) print({ component, main: true }, one);
  if (!options.json) line(`${lines.length} of ${found.hits.total.value} lines, the newest`);
}

async function sourcesOf(live: LivePlatform, components: readonly Component[]): Promise<readonly Source[]> {
  const pods = await podsAround(live, components);
  return components.flatMap((component) =>
    podsOfComponent(live.config, component, pods).map((pod) => ({ component: component.name, pod })),
  );
}

function argumentsOf({ metadata }: LivePod, { since, tail, requestId }: Options): readonly string[] {
  const lines = tail ?? (since !== undefined || requestId !== undefined ? -1 : TAIL);
  return [
    'logs',
    metadata.name,
    `--namespace=${metadata.namespace}`,
    '--all-containers',
    '--prefix',
    '--timestamps',
    '--ignore-errors',
    `--tail=${lines}`,
    ...(since === undefined ? [] : [`--since=${inHours(since)}`]),
  ];
}

/** Reads a pod's lines until they end. A deleted pod has none. */
async function read(
  { kubectl }: LivePlatform,
  args: readonly string[],
  onLine: (found: LogLine) => void,
): Promise<void> {
  try {
    await kubectl.lines(args, (text) => {
      const found = parseLogLine(text);
      if (found) onLine(found);
    });
  } catch (error) {
    if (!/not ?found/i.test(messageOf(error))) throw error;
  }
}

/** Shows the existing lines of all pods, in one order. */
async function show(live: LivePlatform, components: readonly Component[], options: Options): Promise<void> {
  const print = printer(components, options);
  const found: (readonly [Source, LogLine])[] = [];
  // Four at a time, because each is a process.
  await inParallel(await sourcesOf(live, components), 4, (source) =>
    read(live, argumentsOf(source.pod, options), (one) => found.push([source, one])),
  );
  for (const [source, one] of found.toSorted(([, a], [, b]) => byTime(a, b)))
    print(writerOf(source, one), one);
}

/** Shows new lines until Ctrl-C, also those of restarted containers and new pods. */
async function follow(live: LivePlatform, components: readonly Component[], options: Options): Promise<void> {
  const print = printer(components, options);
  const open = new Set<string>();
  const last = new Map<string, string>();
  let failure: unknown;
  const join = async (source: Source, first: boolean): Promise<void> => {
    const { name } = source.pod.metadata;
    const seen = last.get(name);
    // Reads a new pod from its first line, and a known pod from where the reading stopped.
    const args = argumentsOf(source.pod, first ? options : { ...options, tail: -1 });
    await read(live, [...args, '--follow', ...(seen ? [`--since-time=${seen}`] : [])], (one) => {
      if (seen !== undefined && one.time <= seen) return;
      last.set(name, one.time);
      print(writerOf(source, one), one);
    });
    open.delete(name);
  };
  try {
    for (let first = true; failure === undefined; first = false) {
      const sources = await sourcesOf(live, components);
      for (const source of sources.filter(({ pod }) => started(pod) && !open.has(pod.metadata.name))) {
        open.add(source.pod.metadata.name);
        join(source, first).catch((error: unknown) => {
          failure = error;
        });
      }
      await pause(LOOK_AGAIN_SECONDS * 1000);
    }
    throw failure;
  } catch (error) {
    if (!interrupted.aborted) throw error;
  }
}

const started = ({ status }: LivePod): boolean =>
  status.containerStatuses.some(({ state }) => state.running !== undefined);

const LEVELS: Readonly<Record<string, 'red' | 'yellow' | 'dim'>> = {
  critical: 'red',
  error: 'red',
  warning: 'yellow',
  warn: 'yellow',
  debug: 'dim',
};

/** The component and container that wrote a line. */
interface Writer {
  readonly component: string;
  /** Whether the component's main container wrote it. */
  readonly main: boolean;
}

const writerOf = ({ component, pod }: Source, { container }: LogLine): Writer => ({
  component,
  main: container === mainContainer(pod),
});

/** Prints the requested lines, each after the name of its component. */
function printer(
  components: readonly Component[],
  { requestId, raw, json }: Pick<Options, 'requestId' | 'raw' | 'json'>,
): (writer: Writer, one: LogLine) => void {
  const width = Math.max(...components.map(({ name }) => name.length));
  return ({ component, main }, one) => {
    if (requestId !== undefined && !isAbout(requestId, one.text)) return;
    if (json) return line(JSON.stringify({ component, ...asRecord(one) }));
    const prefix = styleText('cyan', `${component}${main ? '' : `/${one.container}`}`.padEnd(width));
    line(raw ? `${prefix} ${one.text}` : `${prefix} ${pretty(one)}`);
  };
}

/** Replaces the text of a JSON line by its object. */
function asRecord({ text, ...rest }: LogLine): object {
  return { ...rest, ...(fieldsOf(text) ? { record: fieldsOf(text) } : { text }) };
}

function pretty({ time, text }: LogLine): string {
  const { level, message, details } = said(text);
  const colour = LEVELS[level];
  const head = `${level.toUpperCase().padEnd(7)} ${message}`;
  const rest = details.map(([name, value]) => `${styleText('dim', `${name}=`)}${value}`).join(' ');
  return `${styleText('dim', time.slice(11, 23))} ${colour ? styleText(colour, head) : head} ${rest}`.trimEnd();
}
