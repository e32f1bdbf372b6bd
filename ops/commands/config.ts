import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { dump } from 'js-yaml';
import { z } from 'zod';
import { childOf, expectedField } from '../../charts/config/shape.ts';
import { valueAt } from '../../charts/config/values.ts';
import { setupSql } from '../core/external.ts';
import { Failure } from '../core/failure.ts';
import { ROOT } from '../core/paths.ts';
import { type EnvironmentOptions, setupOf, verb, withEnvironment } from './options.ts';
import { json, line } from './print.ts';

type Node = z.core.JSONSchema.BaseSchema;
const schema = z.custom<Node>((value) => typeof value === 'object' && value !== null);

export interface Explanation {
  readonly field: string;
  readonly description?: string;
  readonly type: string;
  /** Rules for the value besides its type. */
  readonly rules: Readonly<Record<string, unknown>>;
  readonly default?: unknown;
  /** Fields below it. */
  readonly fields: readonly string[];
}

const RULES = ['enum', 'minimum', 'maximum', 'exclusiveMinimum', 'pattern', 'format', 'title'] as const;

/** @throws Failure for an unknown field, naming the nearest known one. */
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

interface Options extends EnvironmentOptions {
  readonly explain?: string;
  readonly json?: boolean;
  /** A service, or `true` for all. */
  readonly databaseSql?: string | true;
}

export const config = withEnvironment(
  verb(
    'config',
    'print the resolved configuration of an environment, or explain a field',
    './platform config --env staging --explain edge.tls',
  ),
)
  .option('--explain <field>', 'describe a field: its type, default and value here')
  .option('--json', 'print it as JSON')
  .option(
    '--database-sql [service]',
    'print the SQL by which the owner of an external server makes the databases, or that of one service',
  )
  .action(async (options: Options) => {
    const { databaseSql } = options;
    if (databaseSql !== undefined) {
      const { config: own, services } = await setupOf(options);
      const service = databaseSql === true ? undefined : databaseSql;
      process.stdout.write(setupSql(own, services, service));
      return;
    }
    const explained = options.explain === undefined ? undefined : explain(options.explain);
    const { config: resolved } = await setupOf(options);
    if (!explained) return options.json ? json(resolved) : yaml(resolved);
    const value = valueAt(resolved, explained.field.split('.'));
    if (options.json) json({ ...explained, value });
    else describe(explained, value);
  });

const yaml = (value: unknown): void => line(dump(value, { noRefs: true, lineWidth: -1 }).trimEnd());

function describe({ field, description, type, rules, fields, ...rest }: Explanation, value: unknown): void {
  if (description) line(`${field}: ${description}\n`);
  yaml({
    field,
    type,
    ...rules,
    ...('default' in rest ? { default: rest.default } : {}),
    ...(fields.length > 0 ? { fields } : {}),
    ...(value === undefined ? {} : { value }),
  });
}
