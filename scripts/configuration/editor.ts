/** docs/configuration.schema.json: the schema with its comments, for editors and `config --explain`. */
import { jsonSchema } from '../../charts/config/shape.ts';
import { fieldComments } from './comments.ts';
import { isObject, type Node } from './values.ts';

export function editorSchema(): string {
  const comments = fieldComments('charts/config/schema.ts', 'configSchema');
  const described = (node: unknown, path: readonly string[]): unknown => {
    if (!isObject(node)) return node;
    const description = comments.get(path.join('.'));
    const { properties, additionalProperties, items } = node as Node;
    return {
      ...node,
      ...(description ? { description } : {}),
      ...(properties
        ? {
            properties: Object.fromEntries(
              Object.entries(properties).map(([name, child]) => [name, described(child, [...path, name])]),
            ),
          }
        : {}),
      ...(additionalProperties
        ? { additionalProperties: described(additionalProperties, [...path, '*']) }
        : {}),
      ...(items ? { items: described(items, [...path, '[]']) } : {}),
    };
  };
  const { required: _none, ...schema } = jsonSchema();
  return `${JSON.stringify(described({ ...schema, title: 'Configuration of the platform' }, []))}\n`;
}
