/** The configuration's schema as JSON Schema, and its fields by path. Built on first use: that is slow. */
import { z } from 'zod';
import { configSchema } from './schema.ts';
import { didYouMean } from './suggest.ts';

type Node = z.core.JSONSchema.BaseSchema;

export const jsonSchema = (): Node => z.toJSONSchema(configSchema, { io: 'input', unrepresentable: 'any' });

const isNode = (value: unknown): value is Node => typeof value === 'object' && value !== null;

/** What is below a field: by name, in every entry of a mapping, or in every item of a list. */
export function childOf(node: Node | undefined, name: PropertyKey): Node | undefined {
  const found = node?.properties?.[String(name)] ?? node?.additionalProperties ?? node?.items;
  return isNode(found) && !Array.isArray(found) ? found : undefined;
}

/** Paths of all fields. */
function allFields(node: Node | undefined, path: readonly string[] = []): readonly string[] {
  return Object.keys(node?.properties ?? {}).flatMap((name) => {
    const inner = [...path, name];
    return [inner.join('.'), ...allFields(childOf(node, name), inner)];
  });
}

/** Suggestion for an unknown field: the nearest sibling, a field of that name elsewhere, or all siblings. */
export function expectedField(path: readonly PropertyKey[], name: string): string {
  const schema = jsonSchema();
  const parent = path.reduce<Node | undefined>(childOf, schema);
  const known = Object.keys(parent?.properties ?? {});
  const elsewhere = allFields(schema).find((field) => field.split('.').at(-1) === name);
  const hint = didYouMean(name, known) || (elsewhere ? `; did you mean "${elsewhere}"?` : '');
  return `a known field such as ${known.join(', ')}${hint}`;
}
