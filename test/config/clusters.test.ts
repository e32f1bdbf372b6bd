/** Every values file of docs/clusters.md renders, so that what it says to set can be set. */
import { readFileSync } from 'node:fs';
import { load } from 'js-yaml';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { render, root } from '../support/objects.ts';

const page = readFileSync(root('docs/clusters.md'), 'utf8');
const values = z.record(z.string(), z.unknown());

/** Blocks by the cluster whose section they are in. */
const blocks = page
  .split(/^## /m)
  .slice(1)
  .flatMap((section) => {
    const [cluster = ''] = section.split('\n');
    return [...section.matchAll(/^```yaml\n(.*?)^```/gms)].map(([, text = '']) => ({ cluster, text }));
  });

const CLUSTERS = ['EKS', 'GKE', 'AKS', 'k3s', 'OpenShift', 'Talos'];

describe('docs/clusters.md', () => {
  it('says of every cluster what to set and what was run', () => {
    expect([...new Set(blocks.map(({ cluster }) => cluster))]).toEqual(CLUSTERS);
    for (const cluster of ['kind', ...CLUSTERS]) expect(page).toMatch(new RegExp(`^\\| ${cluster} `, 'm'));
  });
  it.each(blocks)('$cluster: $text', ({ text }) => {
    expect(render('production', [values.parse(load(text))]).length).toBeGreaterThan(250);
  });
  it.each(['AKS', 'EKS', 'GKE', 'OpenShift', 'Talos', 'k3s'])('%s has sources', (cluster) => {
    const [, section = ''] = new RegExp(`^## ${cluster}\\n(.*?)^## `, 'ms').exec(page) ?? [];
    expect(section.match(/\]\(https:\/\/[^)\s]+\)/g)?.length).toBeGreaterThan(0);
  });
});
