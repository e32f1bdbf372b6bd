/** Whether a document conforms to the index template, as strictly as Elasticsearch would with `dynamic: strict`. */
import { mappingProperties } from '../../charts/logging/documents.ts';

interface Mapping {
  readonly type?: string;
  readonly properties?: Readonly<Record<string, Mapping>>;
}

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const ACCEPTS: Readonly<Record<string, (value: unknown) => boolean>> = {
  keyword: (value) => typeof value === 'string',
  constant_keyword: (value) => typeof value === 'string',
  text: (value) => typeof value === 'string',
  long: (value) => Number.isInteger(value),
  double: (value) => typeof value === 'number',
  boolean: (value) => typeof value === 'boolean',
  ip: (value) => typeof value === 'string' && /^[0-9a-f.:]+$/i.test(value),
  date: (value) => typeof value === 'string' && /^\d{4}-\d\d-\d\dT[\d:.]+Z$/.test(value),
  flattened: isObject,
};

/** What is wrong with a document, a line each. */
export function faults(
  document: unknown,
  properties = mappingProperties() as NonNullable<Mapping['properties']>,
  prefix = '',
): string[] {
  if (!isObject(document)) return [`${prefix || 'document'} is not an object`];
  return Object.entries(document).flatMap(([name, value]) => {
    const path = `${prefix}${name}`;
    const mapping = properties[name];
    if (!mapping) return [`${path} has no mapping`];
    if (mapping.properties) return faults(value, mapping.properties, `${path}.`);
    const accepts = ACCEPTS[mapping.type ?? ''];
    const values = Array.isArray(value) ? value : [value];
    return values.every((item) => accepts?.(item))
      ? []
      : [`${path}: ${JSON.stringify(value)} is not ${mapping.type}`];
  });
}
