/** Makes docs/configuration.md. */
import { load } from 'js-yaml';
import { type Row, rows } from './rows.ts';
import { isObject } from './values.ts';

const cell = (text: string): string => text.replaceAll(/(?<!\\)\|/g, '\\|').replaceAll('\n', ' ');
const inline = (value: unknown): string => {
  if (Array.isArray(value)) return `[${value.map(inline).join(', ')}]`;
  if (isObject(value))
    return `{ ${Object.entries(value)
      .map(([name, inner]) => `${name}: ${inline(inner)}`)
      .join(', ')} }`;
  return typeof value === 'string' && /^[\w./@-]+$/.test(value) && load(value) === value
    ? value
    : JSON.stringify(value);
};

/** The example as an argument of `--set`: names of mappings with one entry, then the value. */
export function exampleText({ example }: Row): string {
  const names: string[] = [];
  let value: unknown = example;
  while (isObject(value) && Object.keys(value).length === 1 && /^[\w-]+$/.test(Object.keys(value)[0] ?? '')) {
    const [[name, inner] = ['', undefined]] = Object.entries(value);
    names.push(name);
    value = inner;
  }
  return example ? `${names.join('.')}=${inline(value)}` : '';
}

export function configurationPage(): string {
  const groups = new Map<string, Row[]>();
  for (const row of rows(true)) {
    const group = row.path.includes('.') ? (row.path.split('.')[0] ?? '') : '';
    groups.set(group, [...(groups.get(group) ?? []), row]);
  }
  const sections = [...groups].map(([group, list]) => {
    const lines = list.map((row) =>
      [
        `\`${row.path}\``,
        row.description,
        row.type,
        row.default,
        exampleText(row) === '' ? '' : `\`${exampleText(row)}\``,
        row.changes.join(', '),
      ].map(cell),
    );
    return [
      `## ${group === '' ? 'At the top' : group}`,
      '',
      '| field | what it is | values | default | example | objects it changes |',
      '|---|---|---|---|---|---|',
      ...lines.map((cells) => `| ${cells.join(' | ')} |`),
      '',
    ].join('\n');
  });
  return [
    '# Configuration',
    '',
    'Derived from the schema in `charts/config/` (`npm run docs`). A field is set in an entry of',
    '`charts/config/environments.ts`, in a file of your own (`--environment ./preprod.yaml`, `--values FILE`) or by',
    '`--set PATH=VALUE`; each overrides those before it. Mappings are merged, everything else is replaced.',
    '`./platform config` prints what results, `./platform config --explain FIELD` what this page says of a field.',
    'Editors complete and check a file that begins with',
    '`# yaml-language-server: $schema=docs/configuration.schema.json`. `*` stands for a name of your choice. What an',
    'example changes was found by rendering with and without it; nothing is listed where another field needs it.',
    'Settings of the services (`services.*.settings`) are listed in `services/settings.json`.',
    '',
    ...sections,
  ].join('\n');
}
