/** renovate.json finds every version that charts/config/versions.ts pins. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { BUNDLES, IMAGES, TRIVY_IMAGE } from '../../charts/config/versions.ts';
import { root } from '../support/objects.ts';

const file = 'charts/config/versions.ts';
const text = readFileSync(root(file), 'utf8');
const { customManagers } = z
  .object({
    customManagers: z.array(
      z.object({ managerFilePatterns: z.tuple([z.literal(file)]), matchStrings: z.array(z.string()) }),
    ),
  })
  .parse(JSON.parse(readFileSync(root('renovate.json'), 'utf8')));
const found = customManagers.flatMap(({ matchStrings }) =>
  matchStrings.flatMap((pattern) =>
    [...text.matchAll(new RegExp(pattern, 'g'))].map(
      ({ groups }) => `${groups?.depName} ${groups?.currentValue}`,
    ),
  ),
);

describe('renovate', () => {
  it('finds every image', () => {
    const images = [...Object.values(IMAGES), TRIVY_IMAGE].map((image) => image.replace(/:(?=[^:]*$)/, ' '));
    expect(images.length).toBeGreaterThanOrEqual(15);
    expect(found).toEqual(expect.arrayContaining(images));
  });
  it.each(Object.values(BUNDLES))('finds the bundle $file, whose name says its version', ({ file, url }) => {
    const [, repository, version] =
      /github\.com\/([^/]+\/[^/]+)\/releases\/download\/([^/]+)\//.exec(url) ?? [];
    expect(found).toContain(`${repository} ${version}`);
    expect(file).toContain(version);
  });
  it('finds nothing else', () => {
    expect(found).toHaveLength(Object.keys(IMAGES).length + 1 + Object.keys(BUNDLES).length);
  });
});
