/** Which environment a verb is about: an entry of charts/config/environments.ts, or a file of the user's own. */
import { extname } from 'node:path';
import type { OwnEnvironment } from '../../charts/config/resolve.ts';
import { isObject } from '../../charts/config/values.ts';
import { Failure, messageOf } from '../core/failure.ts';
import { parseValues } from '../core/overrides.ts';
import { exportOf, readText } from './sources.ts';

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
