/** The settings that services read, from the services' own code: content of services/settings.json. */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { GATEWAY } from '../charts/graph/model.ts';
import { SERVICES } from '../charts/topology.ts';

const path = (name: string): string => fileURLToPath(new URL(`../${name}`, import.meta.url));

/** Settings of the Python services, from their classes. */
function ofPython(services: readonly string[]): Readonly<Record<string, object>> {
  const text = execFileSync(path('.venv/bin/python'), [path('scripts/service-settings.py'), ...services], {
    env: { PYTHONPATH: ['common', ...services].map((name) => path(`services/${name}`)).join(':') },
    encoding: 'utf8',
  });
  return JSON.parse(text);
}

const NUMBER = /^[\d\s*_]+$/;
const product = (text = ''): number | undefined =>
  NUMBER.test(text)
    ? text.split('*').reduce((all, part) => all * Number(part.replaceAll('_', '')), 1)
    : undefined;

/** Settings of the gateway: each call of the reader in its settings.ts is one. */
function ofGateway(): Readonly<Record<string, unknown>> {
  const source = readFileSync(path('services/api-gateway/src/settings.ts'), 'utf8');
  const listOf = (name: string): readonly string[] =>
    [...(new RegExp(`const ${name} = \\[([^\\]]*)\\]`).exec(source)?.[1] ?? '').matchAll(/'([^']*)'/g)].map(
      ([, value = '']) => value,
    );
  const entry = (kind: string, args: readonly string[]): unknown => {
    const text = (args.at(-1) ?? '').replaceAll("'", '');
    if (kind === 'integer') {
      const [fallback, minimum, maximum] = args.map(product);
      return { type: 'integer', default: fallback, minimum, maximum };
    }
    if (kind === 'flag') return { type: 'boolean', default: text === 'true' };
    if (kind === 'choice') return { type: 'string', enum: listOf(args[0] ?? ''), default: text };
    return { type: 'string', ...(args.length > 0 ? { default: text } : {}) };
  };
  const calls = [...source.matchAll(/\bread\.(\w+)\('([A-Z_0-9]+)'(?:, ([^)]*))?\)/g)]
    .filter(([, kind]) => kind !== 'key' && kind !== 'optional')
    .map(([, kind = '', name = '', args = '']): [string, unknown] => [
      name,
      entry(kind, args === '' ? [] : args.split(', ')),
    ]);
  return Object.fromEntries(calls.toSorted(([a], [b]) => a.localeCompare(b)));
}

export function serviceSettings(): string {
  const python = ofPython(SERVICES.filter(({ runtime }) => runtime === 'python').map(({ name }) => name));
  const services = Object.entries({ [GATEWAY]: ofGateway(), ...python }).map(([name, settings]) => {
    const lines = Object.entries(settings).map(([key, entry]) => `  "${key}": ${JSON.stringify(entry)}`);
    return ` "${name}": {\n${lines.join(',\n')}\n }`;
  });
  return `{\n${services.join(',\n')}\n}\n`;
}
