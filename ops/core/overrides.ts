/** Overrides of the configuration from the command line: `--values FILE` first, then each `--set PATH=VALUE`. */
import { load } from 'js-yaml';
import { isObject } from '../../charts/config/values.ts';
import { Failure, messageOf } from './failure.ts';

export type Override = Readonly<Record<string, unknown>>;

function parseYaml(text: string, source: string): unknown {
  try {
    return load(text);
  } catch (error) {
    throw new Failure(`${source}: not valid YAML: ${messageOf(error)}`, 'quote the value');
  }
}

/** `a.b=1` becomes `{ a: { b: 1 } }`; the value is a YAML scalar or flow list or mapping. */
export function parseSet(assignment: string): Override {
  const [, path = '', text = ''] = /^([\w-]+(?:\.[\w-]+)*)=(.*)$/s.exec(assignment) ?? [];
  if (!path)
    throw new Failure(`--set: "${assignment}" is not valid`, 'expected PATH=VALUE such as images.tag=1.2.3');
  const value = text === '' ? '' : parseYaml(text, `--set ${path}: "${text}"`);
  const [last = '', ...parents] = path.split('.').reverse();
  return parents.reduce<Override>((inner, key) => ({ [key]: inner }), { [last]: value });
}

/** The content of a values file. */
export function parseValues(text: string, file: string, option = '--values'): Override {
  const value = text.trim() === '' ? {} : parseYaml(text, `${option} ${file}`);
  if (!isObject(value))
    throw new Failure(`${option}: "${file}" holds no mapping`, 'expected fields of the configuration');
  return value;
}
