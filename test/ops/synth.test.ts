import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { load } from 'js-yaml';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ENVIRONMENTS } from '../../charts/config/environments.ts';
import { COMMITTED, countKinds, synthesize } from '../../charts/synth.ts';
import { CLUSTER } from '../../ops/core/cluster.ts';
import { root } from '../support/objects.ts';

let base = '';
beforeAll(() => {
  base = mkdtempSync(join(tmpdir(), 'synth-'));
});
afterAll(() => rmSync(base, { recursive: true, force: true }));

describe('synthesize', () => {
  it('writes what is committed, and leaves nothing else behind', () => {
    const results = synthesize({ environments: ENVIRONMENTS, outdir: join(base, 'a') });
    for (const { environment, objects, kinds } of results) {
      const files = readdirSync(join(base, 'a', environment));
      expect(files).toEqual(readdirSync(join(COMMITTED, environment)));
      for (const file of files)
        expect(readFileSync(join(base, 'a', environment, file), 'utf8')).toBe(
          readFileSync(join(COMMITTED, environment, file), 'utf8'),
        );
      expect(objects).toBe(Object.values(kinds).reduce((sum, count) => sum + count, 0));
    }
    expect(results.map(({ environment }) => environment)).toEqual(ENVIRONMENTS);
    expect(readdirSync(base)).toEqual(['a']);
  });
  it('replaces an environment, and no other', () => {
    const outdir = join(base, 'b');
    mkdirSync(join(outdir, 'dev'), { recursive: true });
    mkdirSync(join(outdir, 'staging'));
    writeFileSync(join(outdir, 'dev', '99-gone.k8s.yaml'), '');
    writeFileSync(join(outdir, 'staging', '99-kept.k8s.yaml'), '');
    synthesize({ environments: ['dev'], outdir });
    expect(readdirSync(join(outdir, 'dev'))).not.toContain('99-gone.k8s.yaml');
    expect(readdirSync(join(outdir, 'staging'))).toEqual(['99-kept.k8s.yaml']);
  });
  it('changes nothing when one of the environments is refused', () => {
    const outdir = join(base, 'c');
    const overrides = [{ images: { tag: 'latest' } }];
    expect(() => synthesize({ environments: ['dev', 'production'], overrides, outdir })).toThrow(
      'images.tag: "latest"',
    );
    expect(readdirSync(base)).not.toContain('c');
  });
  it('does not replace a folder with anything but manifests in it', () => {
    mkdirSync(join(base, 'd', 'dev'), { recursive: true });
    writeFileSync(join(base, 'd', 'dev', 'notes.txt'), '');
    expect(() => synthesize({ environments: ['dev'], outdir: join(base, 'd') })).toThrow(
      '"notes.txt", which is no manifest',
    );
  });
  it.each([COMMITTED, `${COMMITTED}/below`])('takes no overrides into %s', (outdir) => {
    expect(() => synthesize({ environments: ['dev'], overrides: [{ replicas: 2 }], outdir })).toThrow(
      'takes no overrides',
    );
  });
  it('counts the kinds of objects, not of what they refer to', () => {
    expect(countKinds(['kind: B\nspec:\n  kind: C\n---\nkind: A\n', 'kind: B\n'])).toEqual({ A: 1, B: 2 });
  });
});

describe('project files that must agree', () => {
  const cdk8s: unknown = load(readFileSync(root('cdk8s.yaml'), 'utf8'));
  it('cdktf.json says what cdk8s.yaml says', () => {
    expect(JSON.parse(readFileSync(root('cdktf.json'), 'utf8'))).toMatchObject({ ...Object(cdk8s) });
  });
  it('kind-config.yaml names the cluster the operations command manages', () => {
    expect(load(readFileSync(root('kind-config.yaml'), 'utf8'))).toMatchObject({ name: CLUSTER });
  });
});
