/** Runs verbs and command lines in this process, which is much faster than starting the command. */
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Command, CommanderError } from 'commander';
import { afterAll, beforeAll, vi } from 'vitest';
import { run } from '../../ops/program.ts';
import { VERBS } from '../../ops/verbs.ts';

/** What a verb wrote on standard output. @throws whatever it throws. */
export async function output(...args: readonly string[]): Promise<string> {
  const verb = VERBS.find(({ name }) => name === args[0]);
  if (!verb) throw new Error(`${args[0]} is not a verb`);
  const program = new Command('platform').exitOverride().configureOutput({ writeErr: () => undefined });
  program.addCommand((await verb.load()).copyInheritedSettings(program));
  const written: string[] = [];
  const write = vi.spyOn(process.stdout, 'write').mockImplementation((text) => {
    written.push(String(text));
    return true;
  });
  try {
    await program.parseAsync([...args], { from: 'user' });
  } catch (error) {
    if (!(error instanceof CommanderError && error.exitCode === 0)) throw error;
  } finally {
    write.mockRestore();
  }
  return written.join('');
}

/** Exit status and output of a command line. */
export interface Ended {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Surroundings {
  /** Folder it runs in. @default the current one */
  readonly cwd?: string;
  /** Variables besides those of this process. */
  readonly env?: Readonly<Record<string, string>>;
}

/** All command lines share the streams, folder and variables of this process, so they run one after another. */
let queue: Promise<unknown> = Promise.resolve();

/** Runs a whole command line in this process, from its arguments to its exit status. */
export function commandLine(args: readonly string[], surroundings: Surroundings = {}): Promise<Ended> {
  const ended = queue.then(() => inProcess(args, surroundings));
  queue = ended.catch(() => undefined);
  return ended;
}

async function inProcess(args: readonly string[], { cwd, env = {} }: Surroundings): Promise<Ended> {
  const before = { cwd: process.cwd(), env: process.env, exitCode: process.exitCode };
  const [stdout, stderr] = [captured(process.stdout), captured(process.stderr)];
  try {
    if (cwd) process.chdir(cwd);
    process.env = { ...process.env, ...env };
    process.exitCode = 0;
    await run(args);
    return { exitCode: Number(process.exitCode), stdout: stdout.text(), stderr: stderr.text() };
  } finally {
    stdout.release();
    stderr.release();
    process.exitCode = before.exitCode;
    process.env = before.env;
    process.chdir(before.cwd);
  }
}

/** Captures what is written to a stream, without the last line break. */
function captured(stream: NodeJS.WriteStream) {
  const written: string[] = [];
  const write = vi.spyOn(stream, 'write').mockImplementation((text) => {
    written.push(String(text));
    return true;
  });
  return { text: () => written.join('').replace(/\n$/, ''), release: () => write.mockRestore() };
}

/** Makes these shell scripts the only programs on PATH, for all tests of the file. */
export function useFakeTools(tools: Readonly<Record<string, string>>): void {
  const path = process.env.PATH;
  let folder = '';
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'tools-'));
    for (const [name, script] of Object.entries(tools)) {
      writeFileSync(join(folder, name), `#!/bin/sh\n${script}\n`);
      chmodSync(join(folder, name), 0o755);
    }
    process.env.PATH = folder;
  });
  afterAll(() => {
    process.env.PATH = path;
    rmSync(folder, { recursive: true });
  });
}
