import { existsSync } from 'node:fs';
import { ROOT } from '../core/paths.ts';
import { stdoutOf } from './run.ts';

/** The commit of these sources, `-dirty` when files differ from it; `unknown` outside a Git checkout. */
export async function sourceRevision(): Promise<string> {
  if (!existsSync(`${ROOT}/.git`)) return 'unknown';
  const args = ['describe', '--always', '--dirty', '--abbrev=12', '--exclude=*'];
  return (await stdoutOf('git', args, { cwd: ROOT })).trim();
}
