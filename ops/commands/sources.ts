/** Files of the user's own: text, and modules in TypeScript. */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { resolve } from 'node:path';
import { isObject } from '../../charts/config/values.ts';
import { Failure, messageOf } from '../core/failure.ts';
import { ROOT } from '../core/paths.ts';

/** @param wanted what the option takes. @throws Failure when it cannot be read. */
export function readText(option: string, file: string, wanted = 'a YAML file'): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    throw new Failure(`${option}: "${file}" cannot be read (${messageOf(error)})`, `name ${wanted}`);
  }
}

/**
 * What a module exports under a name; undefined when it does not. Node itself may not load TypeScript, and a bundle has no
 * `import()` of its own: so it is `require`.
 */
export async function exportOf(file: string, name: string): Promise<unknown> {
  const api: typeof import('tsx/cjs/api') = createRequire(import.meta.url)('tsx/cjs/api');
  const loaded: unknown = api.require(resolve(file), `${ROOT}/`);
  return isObject(loaded) ? loaded[name] : undefined;
}
