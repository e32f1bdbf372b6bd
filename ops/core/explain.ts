/** What docs/configuration.schema.json says of a field. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { childOf, expectedField } from '../../charts/config/shape.ts';
import { Failure } from './failure.ts';
import { ROOT } from './paths.ts';

type Node = z.core.JSONSchema.BaseSchema;
const schema = z.custom<Node>((value) => typeof value === 'object' && value !== null);

export interface Explanation {
  readonly field: string;
  readonly description?: string;
  readonly type: string;
  /** What is taken besides the type. */
  readonly rules: Readonly<Record<string, unknown>>;
  readonly default?: unknown;
  /** Fields below it. */
  readonly fields: readonly string[];
}

const RULES = ['enum', 'minimum', 'maximum', 'exclusiveMinimum', 'pattern', 'format', 'title'] as const;

/** @throws Failure for a field there is not, with the nearest that there is. */
export function explain(field: string): Explanation {
  const path = field.split('.');
  let node = schema.parse(JSON.parse(readFileSync(join(ROOT, 'docs/configuration.schema.json'), 'utf8')));
  for (const [index, name] of path.entries()) {
    const inner = childOf(node, name);
    if (!inner)
      throw new Failure(
        `--explain: "${field}" is no field of the configuration`,
        `expected ${expectedField(path.slice(0, index), name)}`,
      );
    node = inner;
  }
  const { description, type = 'any', properties = {} } = node;
  const rules = Object.fromEntries(RULES.flatMap((rule) => (rule in node ? [[rule, node[rule]]] : [])));
  const limit = Number.MAX_SAFE_INTEGER;
  return {
    field,
    ...(description ? { description: description.replace(/\s*@default.*/, '') } : {}),
    type: String(type),
    rules: Object.fromEntries(Object.entries(rules).filter(([, value]) => Math.abs(Number(value)) !== limit)),
    ...('default' in node ? { default: node.default } : {}),
    fields: Object.keys(properties),
  };
}
