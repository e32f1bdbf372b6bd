/** Copies of the repository to plant faults in. */
import {
  cpSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { execa } from 'execa';
import { ROOT } from '../../ops/core/paths.ts';
import { filesOf } from '../../scripts/gates/files.ts';
import type { Fault } from './faults.ts';

/** The environment of a person's command: this test's own variables would reach vitest. */
export const ENVIRONMENT = {
  ...Object.fromEntries(
    Object.entries(process.env).filter(
      ([name]) => !/^(VITEST|VITE_|NODE_ENV|NODE_OPTIONS|TEST|GATES_|FORCE_COLOR)/.test(name),
    ),
  ),
  NO_COLOR: '1',
};

/** Installed folders, which are not committed. */
const INSTALLED = ['node_modules', '.venv', '.cache/scanners'];

/** Tests of TypeScript. */
const TEST = /[._]test\.ts$/;

/** The files as they are now, committed or not, as a repository of its own. */
export async function copyRepository(): Promise<string> {
  const copy = mkdtempSync(join(tmpdir(), 'planted-'));
  const files = filesOf(ROOT).filter((file) => !INSTALLED.includes(file));
  for (const file of files) cpSync(join(ROOT, file), join(copy, file));
  const git = (...args: readonly string[]) => execa('git', args, { cwd: copy });
  await git('init', '--quiet');
  await git('add', '--all');
  for (const name of INSTALLED) {
    mkdirSync(dirname(join(copy, name)), { recursive: true });
    symlinkSync(join(ROOT, name), join(copy, name));
  }
  writeFileSync(join(copy, '.git/info/exclude'), INSTALLED.join('\n'));
  return copy;
}

/** Copies like GNU's `cp --archive --link`, which other systems do not have. */
function link(from: string, to: string): void {
  mkdirSync(to, { recursive: true });
  for (const entry of readdirSync(from, { withFileTypes: true })) {
    const [source, target] = [join(from, entry.name), join(to, entry.name)];
    if (entry.isDirectory()) link(source, target);
    else if (entry.isSymbolicLink()) symlinkSync(readlinkSync(source), target);
    else linkSync(source, target);
  }
}

/** A copy of a copy that shares its files: the function replaces changed files and never writes to them. */
export function plant(repository: string, { kept, files }: Fault): string {
  const copy = mkdtempSync(join(tmpdir(), 'planted-'));
  link(repository, copy);
  if (kept)
    for (const file of filesOf(copy)) if (TEST.test(file) && !kept.includes(file)) rmSync(join(copy, file));
  for (const [file, change] of Object.entries(files)) {
    const path = join(copy, file);
    const text = typeof change === 'string' ? change : changed(path, ...change);
    rmSync(path, { force: true });
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text);
  }
  return copy;
}

function changed(path: string, before: string | RegExp, after: string): string {
  const text = readFileSync(path, 'utf8');
  const result = text.replace(before, after);
  if (result === text) throw new Error(`${path} has no ${before} to change`);
  return result;
}
