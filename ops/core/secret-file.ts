/** Values a person provides in a file: lines of KEY=value, or a YAML mapping. */
import { load } from 'js-yaml';
import { z } from 'zod';
import { Failure } from './failure.ts';

/** @throws Failure naming the line or the key, never a value. */
export function parseProvided(text: string, file: string): Readonly<Record<string, string>> {
  return /\.(ya?ml|json)$/.test(file) ? fromYaml(text, file) : fromLines(text, file);
}

function fromYaml(text: string, file: string): Readonly<Record<string, string>> {
  let document: unknown;
  try {
    document = load(text);
  } catch {
    // The parser's message quotes the line.
    throw new Failure(`--from-file ${file}: cannot be read as YAML`, 'expected a mapping of KEY: value');
  }
  const parsed = z.record(z.string(), z.string()).safeParse(document);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw new Failure(
    `--from-file ${file}: ${issue?.path.join('.') || 'the document'} is not text`,
    'expected a mapping of KEY: value, numbers in quotes',
  );
}

function fromLines(text: string, file: string): Readonly<Record<string, string>> {
  const pairs = text.split(/\r?\n/).map((line, index): readonly [string, string] | undefined => {
    if (/^\s*(#|$)/.test(line)) return undefined;
    const [, key, value] = /^\s*(?:export\s+)?(\w+)\s*=\s*(.*?)\s*$/.exec(line) ?? [];
    if (key === undefined || value === undefined)
      throw new Failure(`--from-file ${file}: line ${index + 1} is not KEY=value`);
    return [key, /^(["']).*\1$/.test(value) ? value.slice(1, -1) : value];
  });
  return Object.fromEntries(pairs.filter((pair) => pair !== undefined));
}
