/**
 * What the gateway costs: `npm run bench:gateway [-- --seconds N] [--rounds N] [--json]`.
 *
 * Sends requests to one upstream on this machine directly, through nginx, and through the gateway, which verifies a token
 * and counts every request in Redis; once with one user's token, once with the tokens of a hundred users in turn. Measures
 * the added time at 500 and 1,000 requests a second, throughput and CPU time at full speed, and the time to the first byte
 * of streams. Each round takes the contenders in another order; the table shows medians.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import Table from 'cli-table3';
import { type Contender, DIRECT, MANY_USERS, NGINX, start, THROUGH_GATEWAY } from './gateway/contenders.ts';
import { atFullSpeed, atRate, FailedRequests, firstByte } from './gateway/load.ts';
import { find, foreignLoad, MissingTool, missing, need } from './gateway/programs.ts';
import { median } from './support.ts';

const RATES = [500, 1000] as const;
const TOP_RATE = Math.max(...RATES);
const WARM_UP_SECONDS = 3;
/** CPU time that a pod has in a second. */
const HALF_CORE_MS = 500;
const STREAMS_A_ROUND = 30;
/** Part of the CPU time: from there on other programs disturb the measurement. */
const MUCH = 0.05;
const HELP = `Usage: npm run bench:gateway -- [options]

  --seconds N  length of one measurement (default 5, at least 1)
  --rounds N   how often each is made (default 5, at least 1)
  --clients    compare the gateway's own clients with fetch, undici, @redis/client and ioredis as well
  --json       print the medians as JSON
  --help       this text

Needs nginx and vegeta, for full speed wrk, and what npm ci and scripts/python-env bring.
`;

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '5' },
    rounds: { type: 'string', default: '5' },
    clients: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});

function wholeNumber(name: 'seconds' | 'rounds'): number {
  const number = Number(values[name]);
  if (!Number.isInteger(number) || number < 1)
    throw new RangeError(`--${name}: ${values[name]} is not valid, expected a whole number of at least 1`);
  return number;
}

/** What one contender showed: the samples of one round, or medians. */
interface Figures {
  /** Milliseconds, by requests a second. */
  readonly p50: Readonly<Record<number, number>>;
  readonly p99: Readonly<Record<number, number>>;
  /** At the highest rate. */
  readonly cpu: Cpu;
  /** Milliseconds to the first byte of a stream, where there is one. */
  readonly firstByte: number | undefined;
  /** Without wrk there is none. */
  readonly fullSpeed?: { readonly rate: number; readonly cpu: Cpu };
}

/** Milliseconds for 1,000 requests: of the program itself, and of the store it asks. */
interface Cpu {
  readonly own: number;
  readonly store: number;
}

interface Options {
  readonly seconds: number;
  readonly scratch: string;
  readonly withWrk: boolean;
}

async function main(): Promise<void> {
  if (values.help) {
    process.stdout.write(HELP);
    return;
  }
  const [seconds, rounds] = [wholeNumber('seconds'), wholeNumber('rounds')];
  need('vegeta');
  const withWrk = find('wrk') !== undefined;
  if (!withWrk) process.stderr.write(`no full speed: ${missing('wrk')}\n`);
  const scratch = mkdtempSync(join(tmpdir(), 'bench-gateway-'));
  try {
    const setup = await start(scratch, values.clients);
    try {
      const foreign = foreignLoad();
      const results = await measureAll(setup.contenders, rounds, { seconds, scratch, withWrk });
      report({ results, seconds, rounds, foreign: foreign() });
    } finally {
      await setup.stop();
    }
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

type Results = readonly (readonly [Contender, readonly Figures[]])[];

async function measureAll(
  contenders: readonly Contender[],
  rounds: number,
  options: Options,
): Promise<Results> {
  for (const contender of contenders) {
    process.stderr.write(`warming up: ${contender.name}\n`);
    await warmUp(contender, options);
  }
  const results = contenders.map((contender) => [contender, [] as Figures[]] as const);
  for (let round = 0; round < rounds; round += 1) {
    const first = round % results.length;
    for (const [contender, figures] of [...results.slice(first), ...results.slice(0, first)]) {
      process.stderr.write(`round ${round + 1} of ${rounds}: ${contender.name}\n`);
      figures.push(await measure(contender, options));
    }
  }
  return results;
}

async function warmUp({ json }: Contender, { scratch, withWrk }: Options): Promise<void> {
  if (withWrk) await atFullSpeed(json, WARM_UP_SECONDS, scratch);
  else await atRate(json, TOP_RATE, WARM_UP_SECONDS, scratch);
}

async function measure(contender: Contender, { seconds, scratch, withWrk }: Options): Promise<Figures> {
  const [p50, p99]: [Record<number, number>, Record<number, number>] = [{}, {}];
  let cpu: Cpu = { own: 0, store: 0 };
  for (const rate of RATES) {
    const count = cpuMeter(contender);
    const latencies = await atRate(contender.json, rate, seconds, scratch);
    cpu = count(latencies.requests);
    p50[rate] = latencies.p50;
    p99[rate] = latencies.p99;
  }
  const streams: number[] = [];
  const { stream } = contender;
  while (stream && streams.length < STREAMS_A_ROUND) streams.push(await firstByte(stream));
  const figures = { p50, p99, cpu, firstByte: stream && median(streams) };
  if (!withWrk) return figures;
  const count = cpuMeter(contender);
  const { rate, requests } = await atFullSpeed(contender.json, seconds, scratch);
  return { ...figures, fullSpeed: { rate, cpu: count(requests) } };
}

/** The result says what CPU time was taken since. */
function cpuMeter({ program, store }: Contender): (requests: number) => Cpu {
  const before = [program, store].map((item) => item?.cpuSeconds() ?? 0);
  return (requests) => {
    const [own = 0, ofStore = 0] = [program, store].map(
      (item, index) => (((item?.cpuSeconds() ?? 0) - (before[index] ?? 0)) * 1e6) / requests,
    );
    return { own, store: ofStore };
  };
}

/** One round of a contender, and of those it is compared with. */
interface Round {
  readonly own: Figures;
  readonly direct: Figures;
  readonly nginx: Figures;
}

interface Metric {
  readonly id: string;
  readonly label: string;
  readonly digits: number;
  readonly of: (round: Round) => number | undefined;
}

const METRICS: readonly Metric[] = [
  ...RATES.flatMap((rate): Metric[] => [
    { id: `p50_${rate}`, label: `p50 at ${rate}/s, ms`, digits: 2, of: ({ own }) => own.p50[rate] },
    { id: `p99_${rate}`, label: `p99 at ${rate}/s, ms`, digits: 2, of: ({ own }) => own.p99[rate] },
    {
      id: `added_p50_${rate}`,
      label: '  added p50, ms',
      digits: 2,
      of: addedBy((figures) => figures.p50[rate]),
    },
    {
      id: `added_p99_${rate}`,
      label: '  added p99, ms',
      digits: 2,
      of: addedBy((figures) => figures.p99[rate]),
    },
  ]),
  { id: 'cpu', label: `CPU for 1,000 at ${TOP_RATE}/s, ms`, digits: 0, of: ({ own }) => own.cpu.own },
  { id: 'cpu_redis', label: '  of its Redis, ms', digits: 0, of: ({ own }) => own.cpu.store },
  { id: 'rate', label: 'full speed, requests/s', digits: 0, of: ({ own }) => own.fullSpeed?.rate },
  { id: 'rate_to_nginx', label: '  of that of nginx', digits: 2, of: rateToNginx },
  {
    id: 'full_cpu',
    label: 'CPU for 1,000 at full speed, ms',
    digits: 0,
    of: ({ own }) => own.fullSpeed?.cpu.own,
  },
  { id: 'full_cpu_redis', label: '  of its Redis, ms', digits: 0, of: ({ own }) => own.fullSpeed?.cpu.store },
  { id: 'first_byte', label: 'first byte of a stream, ms', digits: 2, of: ({ own }) => own.firstByte },
  { id: 'added_first_byte', label: '  added, ms', digits: 2, of: addedBy((figures) => figures.firstByte) },
];

function addedBy(time: (figures: Figures) => number | undefined): Metric['of'] {
  return ({ own, direct }) => {
    const [ownTime, directTime] = [time(own), time(direct)];
    return ownTime === undefined || directTime === undefined ? undefined : ownTime - directTime;
  };
}

function rateToNginx({ own, nginx }: Round): number | undefined {
  return own.fullSpeed && nginx.fullSpeed && own.fullSpeed.rate / nginx.fullSpeed.rate;
}

interface Goal {
  readonly id: string;
  readonly label: string;
  readonly met: (value: number) => boolean;
}

const GOALS: readonly Goal[] = [
  {
    id: `added_p50_${TOP_RATE}`,
    label: `added p50 at ${TOP_RATE}/s at most 1 ms`,
    met: (value) => value <= 1,
  },
  {
    id: `added_p99_${TOP_RATE}`,
    label: `added p99 at ${TOP_RATE}/s at most 5 ms`,
    met: (value) => value <= 5,
  },
  {
    id: 'cpu',
    label: `${TOP_RATE}/s on the half core of a pod`,
    met: (value) => value * TOP_RATE <= HALF_CORE_MS * 1000,
  },
];

type Summary = Readonly<Record<string, number | undefined>>;

/** Medians over the rounds. */
function summaries(results: Results): ReadonlyMap<string, Summary> {
  const of = (name: string) => results.find(([contender]) => contender.name === name)?.[1] ?? [];
  const [direct, nginx] = [of(DIRECT), of(NGINX)];
  const summary = (figures: readonly Figures[]): Summary =>
    Object.fromEntries(
      METRICS.map(({ id, of }) => {
        const samples = figures.flatMap((own, round) => {
          const [alone, peer] = [direct[round], nginx[round]];
          return (alone && peer && of({ own, direct: alone, nginx: peer })) ?? [];
        });
        return [id, samples.length > 0 ? median(samples) : undefined];
      }),
    );
  return new Map(results.map(([{ name }, figures]) => [name, summary(figures)]));
}

interface Run {
  readonly results: Results;
  readonly seconds: number;
  readonly rounds: number;
  /** Part of the machine's CPU time that other programs took. */
  readonly foreign: number;
}

function report({ results, seconds, rounds, foreign }: Run): void {
  const found = summaries(results);
  const goals = [THROUGH_GATEWAY, MANY_USERS].flatMap((name) =>
    GOALS.flatMap(({ id, label, met }) => {
      const value = found.get(name)?.[id];
      return value === undefined ? [] : [{ label: `${name}: ${label}`, value, met: met(value) }];
    }),
  );
  if (values.json) {
    console.info(JSON.stringify({ seconds, rounds, foreign, contenders: Object.fromEntries(found), goals }));
    return;
  }
  const head = [`median of ${rounds} rounds of ${seconds} s`, ...found.keys()];
  const table = new Table({
    head,
    style: { head: [], border: [] },
    colAligns: ['left', ...Array(found.size).fill('right')],
  });
  for (const { id, label, digits } of METRICS)
    table.push([label, ...[...found.values()].map((summary) => summary[id]?.toFixed(digits) ?? '')]);
  console.info(table.toString());
  const others = `other programs took ${(foreign * 100).toFixed(0)} % of their time`;
  console.info(`${availableParallelism()} CPUs, shared with the load generator and the upstream; ${others}`);
  if (foreign > MUCH)
    console.info('That is too much for these figures to be trusted: run it again on a quiet machine.');
  for (const { label, value, met } of goals)
    console.info(`${label}: ${value.toFixed(2)}, ${met ? 'met' : 'NOT met'}`);
}

try {
  await main();
} catch (error) {
  if (!(error instanceof MissingTool) && !(error instanceof FailedRequests) && !(error instanceof RangeError))
    throw error;
  process.stderr.write(`bench:gateway: ${error.message}\n`);
  process.exitCode = 1;
}
