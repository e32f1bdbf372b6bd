import { describe, expect, it } from 'vitest';
import { SERVICES } from '../../charts/topology.ts';
import { parseServices, parseSet, parseValues } from '../../ops/core/overrides.ts';

describe('--set', () => {
  it.each([
    ['images.tag=1.2.3', { images: { tag: '1.2.3' } }],
    ['replicas=3', { replicas: 3 }],
    ['backups.enabled=false', { backups: { enabled: false } }],
    ['services.api-gateway.minReplicas=2', { services: { 'api-gateway': { minReplicas: 2 } } }],
    [
      'settings.corsOrigins=[https://a.example.com, https://b.example.com]',
      { settings: { corsOrigins: ['https://a.example.com', 'https://b.example.com'] } },
    ],
    ['databases.cpu={request: 100m, limit: "1"}', { databases: { cpu: { request: '100m', limit: '1' } } }],
    ['settings.onecServerUrl=', { settings: { onecServerUrl: '' } }],
    ['settings.onecServerUrl=http://1c/odata?a=b', { settings: { onecServerUrl: 'http://1c/odata?a=b' } }],
  ])('%s', (assignment, expected) => {
    expect(parseSet(assignment)).toEqual(expected);
  });
  it.each(['images.tag', '=1', 'a..b=1', ''])('refuses %j and quotes it', (assignment) => {
    expect(() => parseSet(assignment)).toThrow(`--set: "${assignment}" is not valid`);
  });
  it('refuses a value that is no YAML, on one line', () => {
    expect(() => parseSet('images.tag={')).toThrow(/^--set images\.tag: "\{": not valid YAML: [^\n]+$/);
  });
});

describe('--values', () => {
  it('reads a mapping', () => {
    expect(parseValues('images: { tag: "1" }', 'f.yaml')).toEqual({ images: { tag: '1' } });
  });
  it('takes an empty file for no overrides', () => {
    expect(parseValues('\n', 'f.yaml')).toEqual({});
  });
  it('refuses anything else and names the file', () => {
    expect(() => parseValues('- 1', 'f.yaml')).toThrow('--values: "f.yaml" holds no mapping');
  });
});

describe('--topology', () => {
  it('takes the services of the platform as they are', () => {
    expect(parseServices(SERVICES, 'f.ts')).toEqual(SERVICES);
  });
  it.each([
    [undefined, 'SERVICES.:'],
    [[], 'SERVICES.:'],
    [[{ ...SERVICES[0], port: 'x' }], 'SERVICES.0.port:'],
    [[{ ...SERVICES[0], colour: 'red' }], 'colour'],
  ])('refuses %j', (exported, named) => {
    expect(() => parseServices(exported, 'f.ts')).toThrow(named);
  });
});
