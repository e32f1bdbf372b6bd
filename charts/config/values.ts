/** Reading values whose type is not known. */
import { ConfigError } from '../graph/error.ts';

export const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** The part of a document that a path leads to; undefined where there is none. */
export function valueAt(document: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>((value, key) => {
    if (Array.isArray(value)) return value[Number(key)];
    return isObject(value) ? value[String(key)] : undefined;
  }, document);
}

/** The error for a field of the configuration: its value is read by its path. */
export const invalid = (config: object, field: string, expected: string): ConfigError =>
  new ConfigError(field, valueAt(config, field.split('.')), expected);
