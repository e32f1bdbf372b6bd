/** Files of the repository. */
import { execFileSync } from 'node:child_process';
import { closeSync, existsSync, openSync, readSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from '../../ops/core/paths.ts';

/** Committed files, and new ones that Git does not ignore. */
export function filesOf(repository: string): readonly string[] {
  const args = ['ls-files', '-z', '--cached', '--others', '--exclude-standard'];
  return execFileSync('git', args, { cwd: repository, encoding: 'utf8' })
    .split('\0')
    .filter((file) => file !== '' && existsSync(join(repository, file)));
}

const SHEBANG = /^#!.*\b(?:ba|da|k)?sh\b/;

/** Files that end with .sh, or whose first line names a shell. */
export const shellScripts = (): readonly string[] =>
  filesOf(ROOT).filter((file) => file.endsWith('.sh') || SHEBANG.test(firstBytes(join(ROOT, file))));

function firstBytes(file: string): string {
  const bytes = Buffer.alloc(64);
  const descriptor = openSync(file, 'r');
  try {
    return bytes.toString('latin1', 0, readSync(descriptor, bytes));
  } finally {
    closeSync(descriptor);
  }
}
