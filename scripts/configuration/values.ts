/** The values that a part of the schema accepts, in words. */
import { childOf, type jsonSchema } from '../../charts/config/shape.ts';

export type Node = ReturnType<typeof jsonSchema>;
export type Mapping = Readonly<Record<string, unknown>>;

export const isObject = (value: unknown): value is Mapping =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const MAX = Number.MAX_SAFE_INTEGER;

function rangeOf({ minimum, exclusiveMinimum, maximum = MAX }: Node): string {
  return [
    minimum === undefined || minimum === -MAX ? '' : ` from ${minimum}`,
    exclusiveMinimum === undefined ? '' : ` above ${exclusiveMinimum}`,
    maximum < MAX ? ` to ${maximum}` : '',
  ].join('');
}

function textOf({ title, format, pattern }: Node): string {
  if (format === 'uri') return 'address';
  return `${title ?? 'text'}${pattern ? `, \`${pattern}\`` : ''}`;
}

export function typeOf(node: Node): string {
  if (node.enum) return node.enum.map((value) => `\`${value}\``).join(', ');
  if (node.const !== undefined) return node.const === '' ? 'empty' : `\`${node.const}\``;
  if (node.anyOf)
    return node.anyOf.flatMap((part) => (typeof part === 'object' ? typeOf(part) : [])).join(' or ');
  switch (node.type) {
    case 'array':
      return `list of ${typeOf(childOf(node, 0) ?? {})}`;
    case 'object':
      return 'mapping';
    case 'string':
      return textOf(node);
    default:
      return `${node.type ?? 'any'}${rangeOf(node)}`;
  }
}
