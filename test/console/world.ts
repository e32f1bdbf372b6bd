/** The platform with a console before it, and a browser: started once for all tests of the console. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { execa } from 'execa';
import type { Browser } from 'playwright-core';
import { ROOT } from '../../ops/core/paths.ts';
import { requireChromium } from '../../scripts/gates/chromium.ts';
import { launchBrowser } from './browser.ts';

const CONSOLE = join(ROOT, 'services/console');
const DENO = join(ROOT, 'node_modules/.bin/deno');
const PATIENCE_MS = 500_000;

interface Account {
  readonly email: string;
  readonly password: string;
}

interface Platform {
  readonly url: string;
  readonly accounts: Readonly<Record<'user' | 'analyst' | 'admin', Account>>;
  readonly provider_email: string;
}

export interface World extends Platform {
  /** Where the console is. */
  readonly page: string;
  /** The build's report of its sizes. */
  readonly sizes: string;
  readonly browser: Browser;
  close(): Promise<void>;
}

export async function startWorld(): Promise<World> {
  // Before the services start: a missing browser fails at once.
  requireChromium();
  const port = await freePort();
  const page = `http://localhost:${port}`;
  const running: ChildProcess[] = [];
  const close = async (): Promise<void> => {
    for (const child of running.toReversed()) await stop(child);
  };
  try {
    const { stdout: sizes } = await deno('build');
    const python = start(join(ROOT, '.venv/bin/python'), ['-m', 'contract_testing.console', page], ROOT, {
      PYTHONPATH: pythonPath(),
    });
    running.push(python);
    const platform: Platform = JSON.parse(await firstLine(python));
    const server = start(DENO, ['task', '--quiet', 'serve', platform.url, String(port)], CONSOLE);
    running.push(server);
    await firstLine(server);
    const browser = await launchBrowser();
    return { ...platform, page, sizes, browser, close: () => browser.close().then(close) };
  } catch (error) {
    await close();
    throw error;
  }
}

/** A task of the console's deno.json, to its end. */
export const deno = (task: string, ...args: readonly string[]) =>
  execa(DENO, ['task', '--quiet', task, ...args], { cwd: CONSOLE, env: { NO_COLOR: '1' } });

const pythonPath = (): string =>
  readdirSync(join(ROOT, 'services'))
    .map((folder) => join(ROOT, 'services', folder))
    .filter((folder) => existsSync(join(folder, 'requirements.in')) || folder.endsWith('contract'))
    .join(':');

function start(
  command: string,
  args: readonly string[],
  cwd: string,
  env: NodeJS.ProcessEnv = {},
): ChildProcess {
  return spawn(command, args, {
    cwd,
    env: { ...process.env, ...env },
    stdio: ['pipe', 'pipe', 'inherit'],
  });
}

async function firstLine(child: ChildProcess): Promise<string> {
  if (!child.stdout) throw new Error('its output is not read');
  const signal = AbortSignal.timeout(PATIENCE_MS);
  const lines = createInterface({ input: child.stdout });
  const ended = once(child, 'exit', { signal }).then(([status]) => {
    throw new Error(`${child.spawnargs.join(' ')} ended with ${status} before it was ready`);
  });
  const [line] = await Promise.race([once(lines, 'line', { signal }), ended]);
  ended.catch(() => undefined);
  return line;
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, 'exit');
  // The platform ends with its input and stops its processes, also when this process is killed.
  child.stdin?.end();
  if (child.spawnfile === DENO) child.kill('SIGTERM');
  await ended;
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (address === null || typeof address === 'string') throw new Error('there is no free port');
  return address.port;
}
