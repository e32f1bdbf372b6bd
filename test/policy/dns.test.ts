/** Names are resolved before anything is reached: pods with a way out of their namespace may ask DNS, whatever policy opens it. */
import { describe, expect, it } from 'vitest';
import type { ConfigOverride } from '../../charts/config/environments.ts';
import { type KubeObject, render, VARIANTS } from '../support/objects.ts';

interface Rule {
  readonly ports: readonly { readonly protocol: string; readonly port: number }[];
}

/** Policies of the same pods add up. */
function pods(objects: readonly KubeObject[]): ReadonlyMap<string, readonly Rule[]> {
  const result = new Map<string, readonly Rule[]>();
  for (const { metadata, spec } of objects.filter(({ kind }) => kind === 'NetworkPolicy')) {
    const selected = `${metadata.namespace} ${JSON.stringify(spec.podSelector)}`;
    result.set(selected, [...(result.get(selected) ?? []), ...(spec.egress ?? [])]);
  }
  return result;
}

const asks = (rules: readonly Rule[]): boolean =>
  ['UDP', 'TCP'].every((protocol) =>
    rules.some(({ ports }) => ports.some((one) => one.port === 53 && one.protocol === protocol)),
  );
const closed = (objects: readonly KubeObject[]): readonly string[] =>
  [...pods(objects)].filter(([, rules]) => rules.length > 0 && !asks(rules)).map(([selected]) => selected);

const ENGINES: Readonly<Record<string, ConfigOverride>> = {
  'cloudnative-pg': { databases: { engine: 'cloudnative-pg' } },
  'cloudnative-pg with an archive': { databases: { engine: 'cloudnative-pg', walArchive: 's3://backups/a' } },
};

describe('pods that may reach something may resolve its name', () => {
  it.each(VARIANTS)('$name', ({ environment, overrides }) => {
    const objects = render(environment, overrides);
    expect(pods(objects).size).toBeGreaterThan(15);
    expect(closed(objects)).toEqual([]);
  });
  it.each(Object.entries(ENGINES))('%s: a replica finds its primary by name', (_, override) => {
    expect(closed(render('production', [override]))).toEqual([]);
  });
  it('a policy without DNS is found', () => {
    const objects = render('production', [{ databases: { engine: 'cloudnative-pg' } }]).map((object) =>
      object.metadata.name === 'postgres-security-instances'
        ? {
            ...object,
            spec: { ...object.spec, egress: object.spec.egress.filter((rule: Rule) => !asks([rule])) },
          }
        : object,
    );
    expect(closed(objects)).toEqual(['assistants {"matchLabels":{"cnpg.io/cluster":"postgres-security"}}']);
  });
});
