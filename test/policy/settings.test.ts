/** Settings of the services by their own names: what the manifests take is what the services read. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { topologyOf } from '../../charts/app.ts';
import { resolveConfig } from '../../charts/config/resolve.ts';
import { componentOf } from '../../charts/graph/build.ts';
import { serviceEnvironment } from '../../charts/services/environment.ts';
import { SERVICES } from '../../charts/topology.ts';
import { serviceSettings } from '../../scripts/settings.ts';
import { render, root } from '../support/objects.ts';

const SETTINGS: Readonly<Record<string, Readonly<Record<string, { readonly default?: unknown }>>>> =
  JSON.parse(readFileSync(root('services/settings.json'), 'utf8'));

type Settings = Readonly<Record<string, string | number | boolean>>;

/** The variables of a service in dev. */
function variables(service: string, settings: Settings): Readonly<Record<string, string | undefined>> {
  const config = resolveConfig('dev', [{ services: { [service]: { settings } } }]);
  const topology = topologyOf(config);
  const component = componentOf(topology, service);
  const spec = SERVICES.find(({ name }) => name === service);
  if (!spec) throw new Error(`no service ${service}`);
  const list = serviceEnvironment(config, topology, component, spec);
  return Object.fromEntries(list.map(({ name, value }) => [name, value]));
}

it('services/settings.json is what the services say (else: npm run docs)', () => {
  expect(readFileSync(root('services/settings.json'), 'utf8')).toBe(serviceSettings());
});

describe('every setting a document names can be set', () => {
  it.each([
    ['onec-integration', 'ONEC_MAX_SESSIONS', 8],
    ['ai-assistant', 'AI_ALLOWED_MODELS', 'gpt-*'],
    ['ai-assistant', 'DAILY_TOKEN_BUDGET', 50_000],
    ['ai-assistant', 'AI_MAX_OUTPUT_TOKENS', 4096],
    ['analytics', 'TOKEN_PRICES', '{"gpt-4": {"prompt": 30, "completion": 60}}'],
    ['user-management', 'LOCK_AFTER_FAILURES', 5],
    ['security', 'ALERT_EMAIL_TO', 'soc@example.com'],
    ['api-gateway', 'MAX_CONNECTIONS', 100],
    ['security', 'LOG_LEVEL', 'ERROR'],
    ['onec-integration', 'ONEC_ALLOWED_ONLY', true],
  ])('%s: %s', (service, name, value) => {
    expect(variables(service, { [name]: value })[name]).toBe(String(value));
  });
  it('in the container that migrates, too, and in no other service', () => {
    const settings = { MAX_CONCURRENT_REQUESTS: 7 };
    const text = JSON.stringify(render('dev', [{ services: { security: { settings } } }]));
    expect(text.split('"MAX_CONCURRENT_REQUESTS"')).toHaveLength(3);
  });
});

describe('the defaults of every service are taken, or the platform sets the variable itself', () => {
  it.each(SERVICES.map(({ name }) => name))('%s', (service) => {
    const found = Object.entries(SETTINGS[service] ?? {});
    expect(found.length).toBeGreaterThan(15);
    const refused: string[] = [];
    for (const [name, { default: value }] of found) {
      if (!['string', 'number', 'boolean'].includes(typeof value) || value === '') continue;
      try {
        variables(service, { [name]: value as string });
      } catch (error) {
        expect(String(error)).toMatch(/the platform sets this variable itself/);
        refused.push(name);
      }
    }
    expect(refused).toEqual(expect.arrayContaining(['PORT', 'REDIS_HOST', 'DRAIN_SECONDS']));
    expect(refused.length).toBeLessThan(24);
  });
});

describe('refused', () => {
  it.each([
    ['a misspelt name', { ONEC_MAX_SESSION: 4 }, /ONEC_MAX_SESSION: 4 .*did you mean "ONEC_MAX_SESSIONS"\?/],
    ['a value out of range', { ONEC_MAX_SESSIONS: 100 }, /ONEC_MAX_SESSIONS: 100 .*<=64/],
    ['a value of another type', { ONEC_MAX_SESSIONS: 'many' }, /ONEC_MAX_SESSIONS: "many" .*expected number/],
    [
      'a derived one',
      { POSTGRES_HOST: 'db' },
      /POSTGRES_HOST: "db" .*the platform sets this variable itself/,
    ],
    ['one of a Secret', { ONEC_USERNAME: 'odata' }, /ONEC_USERNAME: .*Secret/],
    ['a field that has a home elsewhere', { ONEC_SERVER_URL: 'https://1c' }, /ONEC_SERVER_URL/],
  ])('%s', (_, settings, message) => {
    expect(() => variables('onec-integration', settings)).toThrow(message);
  });
});
