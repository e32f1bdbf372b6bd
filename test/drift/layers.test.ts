/** Modules of charts/ and ops/ import only from lower layers, and never in a cycle. */
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { describe, expect, it } from 'vitest';
import { root } from '../support/objects.ts';

/** Each layer by the paths that belong to it, the lowest first. */
type Layers = readonly (readonly [name: string, path: RegExp])[];

const LAYERS: Layers = [
  ['charts/graph', /^charts\/(graph\/|topology\.ts$)/],
  ['charts/config', /^charts\/config\//],
  ['charts/constructs', /^charts\/constructs\//],
  ['charts', /^charts\/[^/]+\/.*/],
  ['charts/app', /^charts\/[^/]+\.ts$/],
  ['ops/core', /^ops\/core\//],
  ['ops/tools', /^ops\/tools\//],
  ['ops/steps', /^ops\/steps\//],
  ['ops/commands', /^ops\/commands\//],
  ['ops', /^ops\/[^/]+\.ts$/],
  ['main', /^main\.ts$/],
];

/** Modules with which a file reads or changes state outside its arguments. */
const EFFECTS =
  /^(execa|listr2|(node:)?(fs|child_process|net|http|https|http2|tls|dgram|dns|readline|process|worker_threads|timers)(\/promises)?)$/;
/** Globals that do the same. */
const EFFECT_GLOBALS = /(?<![\w.])(fetch\(|process\.|setTimeout\(|setInterval\(|console\.)/;

interface Import {
  /** `file:line`. */
  readonly at: string;
  readonly from: string;
  /** Path in the repository, or the name of a package. */
  readonly to: string;
}

const IMPORT =
  /(?:^|[\s;])(?:import|export)\s(?:[^'"`;]*?\sfrom\s)?['"]([^'"]+)['"]|\bimport\(\s*['"]([^'"]+)['"]/g;

const importsOf = (from: string, text: string): readonly Import[] =>
  [...text.matchAll(IMPORT)].map((match) => {
    const [all, first, second] = match;
    const specifier = first ?? second ?? '';
    const line = text.slice(0, match.index + all.length).split('\n').length;
    const to = specifier.startsWith('.') ? normalize(join(dirname(from), specifier)) : specifier;
    return { at: `${from}:${line}`, from, to };
  });

const layerOf = (path: string): number => LAYERS.findIndex(([, pattern]) => pattern.test(path));

/** Imports of a layer above. */
const climbing = (imports: readonly Import[]): readonly string[] =>
  imports
    .filter(({ from, to }) => layerOf(to) > layerOf(from))
    .map(({ at, from, to }) => `${at}: ${LAYERS[layerOf(from)]?.[0]} imports ${to} of a layer above`);

/** The side effects of a file of ops/core. */
const effects = (file: string, text: string): readonly string[] => [
  ...importsOf(file, text)
    .filter(({ to }) => EFFECTS.test(to))
    .map(({ at, to }) => `${at}: imports ${to}`),
  ...text.split('\n').flatMap((line, index) => {
    const code = line.replace(/^\s*(\/?\*|\/\/).*/, '').replaceAll(/(['"`]).*?\1/g, '');
    const found = EFFECT_GLOBALS.exec(code)?.[0];
    return found ? [`${file}:${index + 1}: uses ${found}`] : [];
  }),
];

/** A cycle in the graph, if there is one. */
function circleOf(edges: ReadonlyMap<string, ReadonlySet<string>>): readonly string[] | undefined {
  const finished = new Set<string>();
  const visit = (node: string, path: readonly string[]): readonly string[] | undefined => {
    if (path.includes(node)) return [...path.slice(path.indexOf(node)), node];
    if (finished.has(node)) return undefined;
    for (const next of edges.get(node) ?? []) {
      const circle = visit(next, [...path, node]);
      if (circle) return circle;
    }
    finished.add(node);
    return undefined;
  };
  for (const node of edges.keys()) {
    const circle = visit(node, []);
    if (circle) return circle;
  }
  return undefined;
}

/** Edges between the names that `nameOf` gives to the two ends of each import. */
function edgesOf(
  imports: readonly Import[],
  nameOf: (path: string) => string,
): ReadonlyMap<string, ReadonlySet<string>> {
  const edges = new Map<string, Set<string>>();
  for (const { from, to } of imports) {
    const [a, b] = [nameOf(from), nameOf(to)];
    if (a === b || !to.endsWith('.ts')) continue;
    edges.set(a, (edges.get(a) ?? new Set()).add(b));
  }
  return edges;
}

/** The folder below charts/ or ops/; a file that stands beside the folders is by itself. */
const folderOf = (path: string): string => path.split('/').slice(0, 2).join('/');

const sourcesOf = (folder: string): readonly string[] =>
  readdirSync(root(folder), { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.ts'))
    .map((path) => `${folder}/${path}`)
    .toSorted();
const files = [...sourcesOf('charts'), ...sourcesOf('ops'), 'main.ts'];
const textOf = (file: string): string => readFileSync(root(file), 'utf8');
const imports = files.flatMap((file) => importsOf(file, textOf(file)));

describe('layers', () => {
  it('every file of charts/ and ops/ belongs to one', () => {
    expect(files.length).toBeGreaterThan(200);
    expect(files.filter((file) => layerOf(file) === -1)).toEqual([]);
  });
  it('no import climbs', () => expect(climbing(imports)).toEqual([]));
  it('files of ops/core compute, and do nothing', () => {
    const core = files.filter((file) => file.startsWith('ops/core/'));
    expect(core.flatMap((file) => effects(file, textOf(file)))).toEqual([]);
  });
  it('no files and no folders import each other in a circle', () => {
    expect(circleOf(edgesOf(imports, (path) => path))).toBeUndefined();
    expect(circleOf(edgesOf(imports, folderOf))).toBeUndefined();
  });
  it('main.ts needs nothing of ops/', () => {
    const own = imports.filter(({ from }) => from === 'main.ts');
    expect(own.filter(({ to }) => !to.startsWith('charts/'))).toEqual([]);
  });
});

describe('what the test finds', () => {
  it('an import that climbs, by file and line', () => {
    const planted = `/** Text. */\nimport { a } from 'zod';\nimport {\n  b,\n} from '../steps/b.ts';\n`;
    expect(climbing(importsOf('ops/core/a.ts', planted))).toEqual([
      'ops/core/a.ts:5: ops/core imports ops/steps/b.ts of a layer above',
    ]);
    const graph = `import type { Config } from '../config/schema.ts';\n`;
    expect(climbing(importsOf('charts/graph/a.ts', graph))).toHaveLength(1);
    const lazy = `const load = () => import('../commands/up.ts');\n`;
    expect(climbing(importsOf('ops/tools/a.ts', lazy))).toHaveLength(1);
  });
  it.each([
    ["import { readFileSync } from 'node:fs';", 'imports node:fs'],
    ["import { execa } from 'execa';", 'imports execa'],
    ["import 'node:child_process';", 'imports node:child_process'],
    ["const answer = await fetch('http://x');", 'uses fetch('],
    ['const home = process.env.HOME;', 'uses process.'],
  ])('a core file with %s', (text, found) => {
    expect(effects('ops/core/a.ts', `\n${text}\n`)).toEqual([`ops/core/a.ts:2: ${found}`]);
  });
  it('a circle', () => {
    const text = [importsOf('ops/a.ts', "import './b.ts';"), importsOf('ops/b.ts', "import './a.ts';")];
    expect(circleOf(edgesOf(text.flat(), (path) => path))).toEqual(['ops/a.ts', 'ops/b.ts', 'ops/a.ts']);
  });
});
