/** Every field of the configuration: from the schema, its comments, an example, the objects it changes. */
import { buildApp } from '../../charts/app.ts';
import { resolveConfig } from '../../charts/config/resolve.ts';
import { childOf, jsonSchema } from '../../charts/config/shape.ts';
import { SERVICES } from '../../charts/topology.ts';
import { EVERYTHING, OTHERS } from '../../test/support/everything.ts';
import { fieldComments } from './comments.ts';
import { isObject, type Node, type Mapping as Override, typeOf } from './values.ts';

export interface Row {
  /** Path, with `*` for entries of mappings. */
  readonly path: string;
  readonly type: string;
  readonly default: string;
  readonly description: string;
  /** A values file with this field and the fields it needs. */
  readonly example?: Override;
  /** The values file of the example. */
  readonly sample?: Override;
  /** Kinds or names of the objects that change with it. */
  readonly changes: readonly string[];
}

/** Leaves of the schema: nodes without named fields. A list of mappings is one leaf. */
function leaves(node: Node, path: readonly string[] = []): readonly (readonly [readonly string[], Node])[] {
  const names = Object.keys(node.properties ?? {});
  // Kubernetes documents the fields of an affinity.
  if (names.length > 0 && path.at(-1) !== 'affinity')
    return names.flatMap((name) => leaves(childOf(node, name) ?? {}, [...path, name]));
  const entry = node.type === 'object' ? childOf(node, '*') : undefined;
  return entry?.properties ? leaves(entry, [...path, '*']) : [[path, node]];
}

/** The value at a path in one of the examples, and the path: `*` becomes the first entry with a value. */
function exampleAt(
  values: unknown,
  path: readonly string[],
): { readonly names: readonly string[]; readonly value: unknown } | undefined {
  const [first, ...rest] = path;
  if (first === undefined) return { names: [], value: values };
  if (!isObject(values)) return undefined;
  for (const name of first === '*' ? Object.keys(values) : [first]) {
    const found = name in values ? exampleAt(values[name], rest) : undefined;
    if (found) return { names: [name, ...found.names], value: found.value };
  }
  return undefined;
}

const nested = (names: readonly string[], value: unknown): Override =>
  names.toReversed().reduce<unknown>((inner, name) => ({ [name]: inner }), value) as Override;

function without(values: Override, [name = '', ...rest]: readonly string[]): Override {
  const { [name]: inner, ...others } = values;
  return rest.length > 0 && isObject(inner) ? { ...others, [name]: without(inner, rest) } : others;
}

/** Enough services for each kind of object, but few enough to render them hundreds of times. */
const FEW = SERVICES.filter(({ name }) =>
  ['api-gateway', 'ai-assistant', 'onec-integration', 'user-management', 'security'].includes(name),
);

function objectsOf(values: Override): ReadonlyMap<string, string> {
  const config = resolveConfig('dev', [values], SERVICES);
  return new Map(
    buildApp(config, FEW).charts.flatMap((chart) =>
      chart
        .toJson()
        .map(({ kind, metadata, ...rest }): [string, string] => [
          `${kind}/${metadata.namespace ?? ''}/${metadata.name}`,
          JSON.stringify({ metadata, ...rest }),
        ]),
    ),
  );
}

/** Objects that differ between two renderings: their names when they are few, else their kinds. */
function changed(before: ReadonlyMap<string, string>, after: ReadonlyMap<string, string>): readonly string[] {
  const keys = [...new Set([...before.keys(), ...after.keys()])].filter(
    (key) => before.get(key) !== after.get(key),
  );
  const shown = keys
    .map((key) => key.split('/'))
    .map(([kind = '', , name = '']) => [kind, `${kind} \`${name.replace(/-[0-9a-f]{8}$/, '')}\``]);
  return [...new Set(shown.map(([kind = '', full = '']) => (keys.length > 2 ? kind : full)))].toSorted();
}

const bases = new Map<Override, ReadonlyMap<string, string>>();
const baseOf = (values: Override): ReadonlyMap<string, string> => {
  const base = bases.get(values) ?? objectsOf(values);
  bases.set(values, base);
  return base;
};

function attempt(values: Override): ReadonlyMap<string, string> | undefined {
  try {
    return objectsOf(values);
  } catch {
    // Another field needs this one, so a rendering without it fails.
    return undefined;
  }
}

export const SAMPLES: readonly Override[] = [EVERYTHING, ...OTHERS];

function rowOf(
  path: readonly string[],
  node: Node,
  comments: ReadonlyMap<string, string>,
  measured: boolean,
): Row {
  const sample = SAMPLES.find((values) => exampleAt(values, path));
  const found = sample && exampleAt(sample, path);
  const after = measured && sample && found ? attempt(without(sample, found.names)) : undefined;
  const comment = comments.get(path.join('.')) ?? '';
  const [text = '', stated] = comment.split(/\s*@default\s*/);
  const value = 'default' in node ? JSON.stringify(node.default) : '';
  return {
    path: path.join('.'),
    type: typeOf(node),
    default: stated ?? (value === '' ? 'none' : `\`${value}\``),
    description: text,
    ...(sample && found ? { sample, example: nested(found.names, found.value) } : {}),
    changes: sample && after ? changed(baseOf(sample), after) : [],
  };
}

/** @param measured also renders what each field changes, which is slow. */
export function rows(measured: boolean): readonly Row[] {
  const comments = fieldComments('charts/config/schema.ts', 'configSchema');
  return leaves(jsonSchema()).map(([path, node]) => rowOf(path, node, comments, measured));
}
