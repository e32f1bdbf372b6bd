/** Load: constant rates with exact latencies by vegeta, full speed by wrk, streams by a client in this process. */
import { execFile } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { promisify } from 'node:util';
import { need } from './programs.ts';

const run = promisify(execFile);
const OUTPUT_BYTES = 2 ** 28;
const CONNECTIONS = 32;
const WAIT_SECONDS = 20;

export interface Target {
  readonly url: string;
  /** One user's, or those of several, whose requests take turns. */
  readonly tokens: readonly string[];
}

const bearer = (token: string | undefined): string => `Bearer ${token}`;

export interface Latencies {
  readonly p50: number;
  readonly p99: number;
  readonly requests: number;
}

export class FailedRequests extends Error {
  override readonly name = 'FailedRequests';
}

/** Milliseconds at `rate` requests a second, which are sent whether or not answers have come. */
export async function atRate(
  target: Target,
  rate: number,
  seconds: number,
  scratch: string,
): Promise<Latencies> {
  const vegeta = need('vegeta');
  const [targets, results] = [join(scratch, 'targets'), join(scratch, 'results')];
  const lines = target.tokens.map((token) => `GET ${target.url}\nAuthorization: ${bearer(token)}\n`);
  writeFileSync(targets, lines.join('\n'));
  const attack = ['-rate', String(rate), '-duration', `${seconds}s`, '-connections', String(CONNECTIONS)];
  const capture = ['-max-body', '0', '-targets', targets, '-output', results];
  await bounded(vegeta, ['attack', ...attack, ...capture], seconds);
  const { stdout } = await bounded(vegeta, ['encode', '-to', 'csv', results], seconds);
  return latenciesOf(stdout, target.url);
}

const [STATUS, NANOSECONDS] = [1, 2];

function latenciesOf(csv: string, url: string): Latencies {
  const rows = csv
    .trim()
    .split('\n')
    .map((line) => line.split(','));
  const failed = rows.filter((row) => row[STATUS] !== '200');
  if (failed.length > 0)
    throw new FailedRequests(
      `${failed.length} of ${rows.length} requests to ${url} failed: ${failed[0]?.[STATUS]}`,
    );
  const times = rows.map((row) => Number(row[NANOSECONDS]) / 1e6).sort((a, b) => a - b);
  return { p50: percentile(times, 0.5), p99: percentile(times, 0.99), requests: times.length };
}

/** The smallest time that is not exceeded by `part` of them. */
function percentile(sorted: readonly number[], part: number): number {
  return sorted[Math.max(0, Math.ceil(sorted.length * part) - 1)] ?? Number.NaN;
}

/** Requests made beforehand, so that wrk is as fast as with one header. */
const turns = (tokens: readonly string[]): string => `local requests, turn = {}, 0
function init()
  for index, token in ipairs({${tokens.map((token) => `"${token}"`).join(',')}}) do
    requests[index] = wrk.format('GET', nil, { Authorization = 'Bearer ' .. token })
  end
end
function request()
  turn = turn % #requests + 1
  return requests[turn]
end
`;

/** Requests a second, and how many there were, with all connections always busy. */
export async function atFullSpeed(
  target: Target,
  seconds: number,
  scratch: string,
): Promise<{ rate: number; requests: number }> {
  const size = ['-t', '1', '-c', String(CONNECTIONS), '-d', `${seconds}s`];
  const script = join(scratch, 'turns.lua');
  writeFileSync(script, turns(target.tokens));
  const { stdout } = await bounded(need('wrk'), [...size, '-s', script, target.url], seconds);
  const failed = /Non-2xx or 3xx responses: (\d+)|Socket errors: (.*)/.exec(stdout);
  if (failed) throw new FailedRequests(`requests to ${target.url} failed: ${failed[0]}`);
  const [rate, requests] = [/Requests\/sec:\s+([\d.]+)/, /(\d+) requests in/].map((pattern) =>
    Number(pattern.exec(stdout)?.[1]),
  );
  if (!rate || !requests) throw new Error(`wrk said nothing of its rate:\n${stdout}`);
  return { rate, requests };
}

function bounded(program: string, args: readonly string[], seconds: number) {
  return run(program, args, { maxBuffer: OUTPUT_BYTES, timeout: (seconds + WAIT_SECONDS) * 1000 });
}

/** Milliseconds until the first byte of a stream's body. */
export function firstByte({ url, tokens: [token] }: Target): Promise<number> {
  return new Promise((resolve, reject) => {
    const started = performance.now();
    const headers = { Authorization: bearer(token), Accept: 'text/event-stream' };
    const call = request(url, { headers, timeout: WAIT_SECONDS * 1000 }, (response) => {
      if (response.statusCode !== 200) reject(new FailedRequests(`${url} answered ${response.statusCode}`));
      response.once('data', () => {
        resolve(performance.now() - started);
        call.destroy();
      });
      response.on('error', reject);
    });
    call.on('timeout', () => call.destroy(new FailedRequests(`${url} sent nothing for ${WAIT_SECONDS} s`)));
    call.on('error', reject);
    call.end();
  });
}
