import { describe, expect, it } from 'vitest';
import type { ConfigOverride } from '../../charts/config/environments.ts';
import { corsOrigins } from '../../charts/edge/names.ts';
import { placeholders } from '../../ops/core/checks.ts';
import { kubeObject } from '../../ops/core/objects.ts';
import { output } from '../support/command.ts';
import { configOf, render } from '../support/objects.ts';

const found = (environment: string, ...overrides: readonly ConfigOverride[]): readonly string[] =>
  placeholders(
    configOf(environment, overrides),
    render(environment, overrides).map((object) => kubeObject.parse(object)),
  );

const OWN: ConfigOverride = {
  images: { registry: 'registry.corp.test/assistants' },
  edge: { hosts: ['ai.corp.test'], acme: { email: 'platform@corp.test' } },
  monitoring: { runbooks: 'https://git.corp.test/runbooks' },
};

describe('placeholders', () => {
  it.each(['staging', 'production'])('of %s as cloned are each named with their field', (environment) => {
    const fields = found(environment).map((line) => line.split(': ')[0]);
    expect(fields).toEqual(['images.registry', 'edge.hosts.0', 'edge.acme.email', 'monitoring.runbooks']);
  });
  it.each(['validate', 'deploy'])(
    '%s of an untouched clone refuses, whatever cluster is named',
    async (verb) => {
      await expect(output(verb, 'production', '--context', 'nowhere')).rejects.toThrow(
        /^production: placeholders are left: images\.registry: .*edge\.hosts\.0: .*edge\.acme\.email: .*monitoring\.runbooks: .*; set these fields/,
      );
    },
  );
  it.each(['staging', 'production'])('of %s are gone when its own names are set', (environment) => {
    expect(found(environment, OWN)).toEqual([]);
  });
  it('below any reserved name, in any field, are found', () => {
    for (const name of ['a.b.example.org', 'example.net', 'EXAMPLE.com'])
      expect(
        found('production', OWN, {
          settings: { smtpHost: name },
          egress: { smtp: { cidrs: ['192.0.2.0/24'] } },
        }),
      ).toEqual([`settings.smtpHost: "${name}"`]);
    expect(found('production', OWN, { settings: { smtpFrom: 'a@my-example.com' } })).toEqual([]);
  });
  it('dev has none: it is on one machine only', () => expect(found('dev')).toEqual([]));
  it('origins come from the hosts, with the port clients see', () => {
    expect(corsOrigins(configOf('production', [OWN]))).toEqual(['https://ai.corp.test']);
    expect(corsOrigins(configOf('staging', [OWN]))).toEqual(['https://ai.corp.test']);
  });
});
