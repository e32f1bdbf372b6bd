/** The committed manifests are exactly what the code renders. */
import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { buildApp } from '../../charts/app.ts';
import { ENVIRONMENTS } from '../../charts/config/environments.ts';
import { resolveConfig } from '../../charts/config/resolve.ts';
import { manifestsOf } from '../../charts/render.ts';
import { render, root } from '../support/objects.ts';

describe.each(ENVIRONMENTS)('dist/%s', (environment) => {
  const folder = root(`dist/${environment}`);
  const rendered = manifestsOf(buildApp(resolveConfig(environment)));

  it('has one file a chart and no other', () => {
    expect(readdirSync(folder).sort()).toEqual([...rendered.keys()].sort());
  });
  it.each([...rendered.keys()])('%s is what is rendered (else: npm run synth)', (file) => {
    expect(readFileSync(`${folder}/${file}`, 'utf8')).toBe(rendered.get(file));
  });
  it('renders the same a second time', () => {
    expect(render(environment)).toEqual(render(environment));
  });
});
