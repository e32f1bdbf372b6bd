/** Which environment a verb is about: an entry of charts/config/environments.ts, or a file of the user's own. */

import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { extname, resolve } from 'node:path';
import type { OwnEnvironment } from '../../charts/config/resolve.ts';
import { isObject } from '../../charts/config/values.ts';
import { Failure, messageOf } from '../core/failure.ts';
import { parseValues } from '../core/overrides.ts';
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

/** A name has neither a dot nor a slash, and the path of a file at least one. */
const isFile = (environment: string): boolean => /[./]/.test(environment);

/** @throws Failure for a file that is no environment. */
export async function environmentFrom(environment: string): Promise<string | OwnEnvironment> {
  if (!isFile(environment)) return environment;
  const content = ['.ts', '.mts', '.js', '.mjs'].includes(extname(environment))
    ? await exported(environment)
    : parseValues(readText('--environment', environment), environment, '--environment');
  const { environment: name } = content;
  if (typeof name === 'string') return { ...content, environment: name };
  throw new Failure(
    `--environment: "${environment}" has no name`,
    'begin it with a line such as `environment: preprod`',
  );
}

async function exported(file: string): Promise<Readonly<Record<string, unknown>>> {
  const found = await exportOf(file, 'ENVIRONMENT').catch((error: unknown) => {
    throw new Failure(`--environment: "${file}" cannot be loaded (${messageOf(error)})`, EXPECTED);
  });
  if (isObject(found)) return found;
  throw new Failure(`--environment: "${file}" exports no ENVIRONMENT`, EXPECTED);
}

const EXPECTED = "expected a module with `export const ENVIRONMENT = { environment: 'preprod', … }`";
