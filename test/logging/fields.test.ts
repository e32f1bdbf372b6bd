/** Every field that the services log has a type, and no name has two meanings. */
import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { SEARCHES } from '../../charts/logging/documents.ts';
import { ALIASES, DROPPED, FIELDS, FORMATS, NANOSECONDS } from '../../charts/logging/fields.ts';
import { root } from '../support/objects.ts';

/** Fields every line of a service has, beside those its log calls name. */
const COMMON = ['level', 'logger', 'message', 'service', 'version', 'request_id', 'trace_id', 'exception'];
const typed = (name: string): boolean => name in FIELDS || name in ALIASES;

/** Names of the fields the gateway's log calls have: keys of the object that ends the call. */
function gatewayFields(): readonly string[] {
  const folder = root('services/api-gateway/src/');
  const files = readdirSync(folder).filter((file) => file !== 'logging.ts');
  const text = files.map((file) => readFileSync(`${folder}${file}`, 'utf8')).join('\n');
  const main = readFileSync(root('services/api-gateway/main.ts'), 'utf8');
  const calls = `${text}${main}`.matchAll(/logger\.(?:debug|info|warning|error|log)\([^;]*?\{([^{};]*)\}/g);
  return [...calls].flatMap(([, body = '']) =>
    body.split(',').flatMap((part) => /^\s*([a-z_]+)\s*(?::|$)/.exec(part)?.[1] ?? []),
  );
}

describe('fields', () => {
  it('all that the Python services log are typed', () => {
    const output = execFileSync(
      root('.venv/bin/python'),
      [root('test/logging/fields.py'), root('services')],
      {
        encoding: 'utf8',
      },
    );
    const names = output.trim().split('\n');
    expect(names.length).toBeGreaterThanOrEqual(52);
    expect([...COMMON, ...names].filter((name) => !typed(name))).toEqual([]);
  });
  it('all that the gateway logs are typed', () => {
    const names = gatewayFields();
    expect(new Set(names).size).toBeGreaterThan(20);
    expect(names).toEqual(expect.arrayContaining(['request_id', 'duration_ms', 'let_through']));
    expect(names.filter((name) => !typed(name))).toEqual([]);
  });
  it('are found under one name, and every alias leads to one', () => {
    for (const [alias, target] of Object.entries(ALIASES)) {
      expect(alias in FIELDS, alias).toBe(false);
      expect(target === 'timestamp' || target in FIELDS, target).toBe(true);
    }
    for (const name of [...DROPPED, ...Object.keys(NANOSECONDS)])
      expect(name in FIELDS || name in ALIASES, name).toBe(false);
  });
  it('formats name fields only', () => {
    for (const { name, pattern } of FORMATS)
      for (const [, group = ''] of pattern.matchAll(/\(\?<(\w+)>/g))
        expect(group === 'timestamp' || group in FIELDS, `${name}: ${group}`).toBe(true);
  });
  it('saved searches ask for fields there are', () => {
    expect(SEARCHES.length).toBeGreaterThanOrEqual(8);
    for (const { id, query, columns } of SEARCHES) {
      const asked = [...query.matchAll(/([a-z_]+)(?:: | [<>]=? )/g)].map(([, name = '']) => name);
      expect(asked.length, id).toBeGreaterThan(0);
      expect(
        [...asked, ...columns].filter((name) => !(name in FIELDS)),
        id,
      ).toEqual([]);
    }
  });
});
