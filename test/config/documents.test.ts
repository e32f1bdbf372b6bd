/** docs/configuration.md is current and complete, its examples render, and unknown fields get a useful hint. */
import { existsSync, readFileSync } from 'node:fs';
import { isDeepStrictEqual } from 'node:util';
import { describe, expect, it } from 'vitest';
import { buildApp } from '../../charts/app.ts';
import { merge, resolveConfig } from '../../charts/config/resolve.ts';
import { explain } from '../../ops/commands/config.ts';
import { parseSet } from '../../ops/core/overrides.ts';
import { editorSchema } from '../../scripts/configuration/editor.ts';
import { exampleText } from '../../scripts/configuration/page.ts';
import { rows, SAMPLES } from '../../scripts/configuration/rows.ts';
import { root } from '../support/objects.ts';

const page = readFileSync(root('docs/configuration.md'), 'utf8');
const all = rows(false);

describe('docs/configuration.md (else: npm run docs)', () => {
  it('has one row a field, with its description, values, default and example', () => {
    expect(all.length).toBeGreaterThan(180);
    const cells = page
      .split('\n')
      .filter((line) => line.startsWith('| `'))
      .map((line) => line.split(/(?<!\\)\|/).map((cell) => cell.trim().replaceAll('\\|', '|')));
    expect(cells.map(([, field]) => field)).toEqual(
      expect.arrayContaining(all.map(({ path }) => `\`${path}\``)),
    );
    expect(cells).toHaveLength(all.length);
    for (const row of all) {
      const [, , description, , stated, example = ''] =
        cells.find(([, field]) => field === `\`${row.path}\``) ?? [];
      expect({ field: row.path, description, stated, example: example.replaceAll('`', '') }).toEqual({
        field: row.path,
        description: row.description,
        stated: row.default,
        example: exampleText(row),
      });
    }
  });
  it('gives an example of every field but the name of the environment', () => {
    expect(all.filter(({ example }) => !example).map(({ path }) => path)).toEqual(['environment']);
  });
  it('gives examples that --set takes, which are part of a values file', () => {
    for (const row of all)
      if (row.sample) {
        const merged = merge(row.sample, parseSet(exampleText(row)));
        expect(isDeepStrictEqual(merged, row.sample), exampleText(row)).toBe(true);
      }
  });
  it.each(SAMPLES.map((sample, index) => [index, sample] as const))('values file %i renders', (_, sample) => {
    expect(buildApp(resolveConfig('dev', [sample])).charts.length).toBeGreaterThan(10);
  });
});

describe('docs/configuration.schema.json (else: npm run docs)', () => {
  it('is what the schema and its comments say', () => {
    expect(readFileSync(root('docs/configuration.schema.json'), 'utf8')).toBe(editorSchema());
  });
  it('describes fields of every file of charts/config', () => {
    for (const field of [
      'drainSeconds',
      'monitoring.remoteWrite.url',
      'logging.issuer',
      'pods.nodeSelector',
      'cni',
    ])
      expect(explain(field).description, field).toMatch(/\w{3}/);
    expect(explain('services.security.replicas')).toMatchObject({ type: 'integer', rules: { minimum: 1 } });
    expect(explain('edge.tls')).toMatchObject({
      rules: { enum: ['self-signed', 'acme', 'existing'] },
      default: 'self-signed',
    });
  });
  it('a field there is not gets the nearest', () => {
    expect(() => explain('edge.tsl')).toThrow('did you mean "tls"?');
  });
});

describe('unknown fields', () => {
  it.each([
    [{ services: { security: { replica: 2 } } }, 'services.security.replica: 2 ', '"replicas"'],
    [{ images: { mirro: 'x' } }, 'images.mirro: "x" ', '"mirror"'],
    [{ storageclass: 'fast' }, 'storageclass: "fast" ', '"storageClass"'],
    [{ monitoring: { alertmanager: { emailsTo: 'x' } } }, 'monitoring.alertmanager.emailsTo', '"emailTo"'],
    [{ egress: { 'onec-server': { cidr: [] } } }, 'egress.onec-server.cidr', '"cidrs"'],
    [{ pods: { zones: { app: { nodeSelectors: {} } } } }, 'pods.zones.app.nodeSelectors', '"nodeSelector"'],
    [{ pods: { tolerations: [{ keys: 'x' }] } }, 'pods.tolerations.0.keys', '"key"'],
    [{ nodeSelector: {} }, 'nodeSelector', '"pods.nodeSelector"'],
    [{ localPorts: {} }, 'localPorts', '"monitoring.localPorts"'],
  ])('%j', (override, field, hint) => {
    expect(() => resolveConfig('dev', [override])).toThrow(`did you mean ${hint}?`);
    expect(() => resolveConfig('dev', [override])).toThrow(field);
  });
  it('a name like no other gets the names that there are, and no hint', () => {
    expect(() => resolveConfig('dev', [{ images: { zzzzzzzzzz: 1 } }])).toThrow(
      /such as registry, tag, [^;]*$/,
    );
  });
});

it('there is the file an editor is pointed at', () => {
  expect(page).toContain('# yaml-language-server: $schema=docs/configuration.schema.json');
  expect(existsSync(root('docs/configuration.schema.json'))).toBe(true);
});
