/** Every YAML we write is read alike by a parser of YAML 1.1, which Python programs have, and by one of YAML 1.2. */
import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { loadAll } from 'js-yaml';
import { describe, expect, it } from 'vitest';
import { ENVIRONMENTS } from '../../charts/config/environments.ts';
import { toYaml } from '../../charts/constructs/yaml.ts';
import { type KubeObject, key, render, root, VARIANTS } from '../support/objects.ts';

/** Fewest files and objects of an environment, and fewest YAML files inside its ConfigMaps. */
const MIN_FILES = 20;
const MIN_OBJECTS = 230;
const MIN_INNER = 3;

/** Documents by file name, as PyYAML reads them. @throws Error that names the file it refuses. */
function readByPython(files: Readonly<Record<string, string>>): Record<string, unknown[]> {
  const run = spawnSync(root('.venv/bin/python'), [root('test/schema/read_yaml.py')], {
    input: JSON.stringify(files),
    encoding: 'utf8',
    maxBuffer: 2 ** 27,
  });
  if (run.status !== 0) throw new Error(`PyYAML: ${run.stderr || run.error}`);
  return JSON.parse(run.stdout);
}

const filesOf = (environment: string): Record<string, string> => {
  const folder = root(`dist/${environment}`);
  return Object.fromEntries(
    readdirSync(folder).map((file) => [file, readFileSync(`${folder}/${file}`, 'utf8')]),
  );
};

/** Objects by identity, as JSON: neither reader's own types, nor fields without a value. */
const byKey = (objects: readonly KubeObject[]): Record<string, unknown> =>
  Object.fromEntries(objects.map((object) => [key(object), JSON.parse(JSON.stringify(object))]));

describe.each(ENVIRONMENTS)('dist/%s', (environment) => {
  const files = filesOf(environment);

  it('holds for PyYAML the objects that the tests see', () => {
    const read = Object.values(readByPython(files)).flat() as KubeObject[];
    const rendered = render(environment);
    console.info(`${environment}: PyYAML reads ${read.length} objects of ${Object.keys(files).length} files`);
    expect(Object.keys(files).length).toBeGreaterThanOrEqual(MIN_FILES);
    expect(rendered.length).toBeGreaterThanOrEqual(MIN_OBJECTS);
    expect(read).toHaveLength(rendered.length);
    expect(byKey(read)).toEqual(byKey(rendered));
  });
});

it.each(VARIANTS)('$name: YAML inside ConfigMaps is read alike', ({ environment, overrides }) => {
  const texts = render(environment, overrides)
    .filter(({ kind }) => kind === 'ConfigMap')
    .flatMap((object) =>
      Object.entries(object.data ?? {})
        .filter(([name]) => /\.ya?ml$/.test(name))
        .map(([name, text]) => [`${key(object)}/${name}`, text] as const),
    );
  expect(texts.length).toBeGreaterThanOrEqual(MIN_INNER);
  const read = readByPython(Object.fromEntries(texts));
  for (const [name, text] of texts) expect(read[name], name).toEqual(loadAll(text));
});

/** Texts that a parser of YAML 1.1 or 1.2 takes for something else when they are not quoted. */
const MISREAD = {
  'a value or a merge': ['=', '<<'],
  'a truth value': ['y', 'Y', 'n', 'N', 'yes', 'Yes', 'NO', 'on', 'Off', 'true', 'True', 'FALSE'],
  nothing: ['', '~', 'null', 'Null', 'NULL'],
  'base 60': ['1:30', '190:20:30', '190:20:30.15', '-1:30'],
  'another base': ['0644', '0o644', '0b1010', '-0b1', '0x1F', '0x_1', '08', '089'],
  'a number': ['1_000', '+1', '-0', '1.', '.5', '._5', '1e3', '1.5e+3', '12e03', '685.230_15e+03'],
  'no number': ['.inf', '-.INF', '+.Inf', '.nan', '.NaN'],
  'a date': ['2026-01-01', '2026-1-1', '2026-01-01T00:00:00Z', '2001-12-14 21:59:43.10 -5'],
  'a mark of YAML': [
    '-',
    '?',
    ':',
    '- a',
    'a: b',
    'a:',
    'a #b',
    '#a',
    '&a',
    '*a',
    '!a',
    '|',
    '>',
    '%a',
    '@a',
  ],
  'more marks': ['`a', "'a", '"a', '{', '[', ', a', '---', '...', '{{ a }}', '[a]', '=~', '!='],
  'white space': [' a', 'a ', '\ta', 'a\tb', 'a\n', 'a\n\n', '\n', '\n\na', '  a\nb', 'a\r\nb', 'a\r', ' '],
  'a character that is not printed': ['a\u0000b', 'a\u007fb', 'a\u0085b', 'a\u00a0b', 'a\u2028b', '\ufeffa'],
  'a long line': ['x'.repeat(300), 'many words '.repeat(60), 'Проверка 😀 '.repeat(30)],
} as const;

/** As an item, as a value and, on one line, as a key. */
const documents = Object.values(MISREAD)
  .flat()
  .flatMap((text) => [[text], { value: text }, ...(/^---|[\r\n]/.test(text) ? [] : [{ [text]: 'value' }])]);

it('a text that may be taken for something else stays the text it is, for either reader', () => {
  const text = toYaml(...documents);
  expect(documents.length).toBeGreaterThanOrEqual(250);
  expect(readByPython({ text }).text).toEqual(documents);
  expect(loadAll(text)).toEqual(documents);
});
