/** A setting that names an outside host needs an entry of `egress` for that host. */
import { describe, expect, it } from 'vitest';
import { DESTINATIONS, egressPorts } from '../../charts/config/destinations.ts';
import type { ConfigOverride } from '../../charts/config/environments.ts';
import { configSchema } from '../../charts/config/schema.ts';
import { configOf, find, render } from '../support/objects.ts';

/** Settings with an address that need no egress: callers of the platform, and pages for people. */
const INSIDE = ['settings.publicUrl', 'edge.acme.server', 'databases.walArchive'];

/** An override that sets the field of that path. */
const at = (path: string, value: unknown): ConfigOverride =>
  path.split('.').reduceRight<unknown>((inner, key) => ({ [key]: inner }), value) as ConfigOverride;

/** For each destination: the settings that direct it to a host, and their prerequisites. */
const SET: Readonly<Record<string, (host: string) => readonly ConfigOverride[]>> = {
  'settings.openaiBaseUrl': (host) => [at('settings.openaiBaseUrl', `http://${host}:11434/v1`)],
  'settings.anthropicBaseUrl': (host) => [at('settings.anthropicBaseUrl', `http://${host}:11434`)],
  'settings.onecServerUrl': (host) => [at('settings.onecServerUrl', `http://${host}:11434/base`)],
  'settings.oidcIssuer': (host) => [at('settings.oidcIssuer', `https://${host}:11434/realm`)],
  'settings.smtpHost': (host) => [{ settings: { smtpHost: host, smtpPort: 11434 } }],
  'monitoring.remoteWrite.url': (host) => [at('monitoring.remoteWrite.url', `https://${host}:11434/push`)],
  'logging.snapshots.endpoint': (host) => [
    { logging: { enabled: true, snapshots: { bucket: 'logs', endpoint: `http://${host}:11434` } } },
  ],
  'proxy.httpProxy': (host) => [at('proxy.httpProxy', `http://${host}:11434`)],
  'proxy.httpsProxy': (host) => [at('proxy.httpsProxy', `http://${host}:11434`)],
  'monitoring.alertmanager.routes': () => [
    { monitoring: { alertmanager: { routes: { critical: ['webhook'] } } } },
  ],
};

const egress = (name: string, cidrs: readonly string[]): ConfigOverride =>
  ({ egress: { [name]: { cidrs } } }) as ConfigOverride;

it('every destination is tried here', () => {
  expect(DESTINATIONS.map(({ setting }) => setting).sort()).toEqual(Object.keys(SET).sort());
});

it('every field that is an address is a destination, or stays inside', () => {
  const found: string[] = [];
  const walk = (value: unknown, path: string): void => {
    if (typeof value !== 'object' || value === null) {
      if (/(Url|\.url|Issuer|Host|endpoint|server)$/.test(path)) found.push(path);
      return;
    }
    for (const [key, item] of Object.entries(value)) walk(item, path === '' ? key : `${path}.${key}`);
  };
  walk(
    configSchema.parse({
      environment: 'production',
      logging: { enabled: true, snapshots: { bucket: 'logs', endpoint: 'http://store.test' } },
    }),
    '',
  );
  const known = [...DESTINATIONS.map(({ setting }) => setting), ...INSIDE];
  expect(found.length).toBeGreaterThan(6);
  expect(found.filter((path) => !known.includes(path))).toEqual([]);
});

describe.each(DESTINATIONS)('$setting and egress.$egress', ({ setting, egress: name, place }) => {
  const set = SET[setting] ?? (() => []);
  const both = new RegExp(`${setting}.*egress\\.${name}\\.cidrs|egress\\.${name}\\.cidrs.*${setting}`);

  it('a name needs a way at all', () => {
    expect(() => configOf('production', [...set('server.test'), egress(name, [])])).toThrow(both);
    expect(() =>
      configOf('production', [...set('server.test'), egress(name, ['192.0.2.0/24'])]),
    ).not.toThrow();
  });

  const config = configOf('production', [...set('10.0.0.5'), egress(name, ['10.0.0.0/24'])]);
  it.skipIf(place(config) === undefined)('an address must be in its ranges', () => {
    for (const cidrs of [['10.0.1.0/24'], ['0.0.0.0/0'], ['10.0.0.4/32', '0.0.0.0/0']])
      expect(() => configOf('production', [...set('10.0.0.5'), egress(name, cidrs)]), String(cidrs)).toThrow(
        both,
      );
    expect(() => configOf('production', [...set('203.0.113.5'), egress(name, ['0.0.0.0/0'])])).not.toThrow();
  });
  it.skipIf(place(config) === undefined)('the port of the address is open', () => {
    expect(egressPorts(config, name)).toContain(11434);
  });
});

it('the policy has the derived port', () => {
  const objects = render('production', [
    { settings: { openaiBaseUrl: 'http://10.0.0.5:11434/v1' } },
    { egress: { 'model-providers': { cidrs: ['10.0.0.5/32'] } } },
  ]);
  const rules = JSON.stringify(find(objects, 'NetworkPolicy', 'ai-assistant').spec.egress);
  expect(rules).toContain(
    '{"ports":[{"port":443,"protocol":"TCP"},{"port":11434,"protocol":"TCP"}],"to":[{"ipBlock":{"cidr":"10.0.0.5/32"}}]}',
  );
});
