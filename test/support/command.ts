/** Verbs run in this process, which is much faster than starting the command. */
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Command, CommanderError } from 'commander';
import { afterAll, beforeAll, vi } from 'vitest';
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

/** Puts shell scripts in place of tools, for all tests of the file; no other is found. */
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
