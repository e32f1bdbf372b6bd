import { dump } from 'js-yaml';
import { valueAt } from '../../charts/config/values.ts';
import { type Explanation, explain } from '../core/explain.ts';
import { type EnvironmentOptions, setupOf, verb, withEnvironment } from './options.ts';
import { json, line } from './print.ts';

interface Options extends EnvironmentOptions {
  readonly explain?: string;
  readonly json?: boolean;
}

export const config = withEnvironment(
  verb(
    'config',
    'print the resolved configuration of an environment, or explain a field',
    './platform config --env staging --explain edge.tls',
  ),
)
  .option('--explain <field>', 'what a field is, takes and has by default, and what it is here')
  .option('--json', 'print it as JSON')
  .action(async (options: Options) => {
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
