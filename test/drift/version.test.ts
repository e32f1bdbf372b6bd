/** Only package.json states the version; all other places take it from there. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { serviceImage } from '../../charts/config/images.ts';
import { PLATFORM_VERSION } from '../../charts/config/versions.ts';
import { SERVICES } from '../../charts/topology.ts';
import { configOf, readManifests, root } from '../support/objects.ts';

const read = (file: string): string => readFileSync(root(file), 'utf8');
const changelog = read('CHANGELOG.md');
const RELEASES = [...changelog.matchAll(/^## \[(.+?)\] - (\d{4}-\d{2}-\d{2})$/gm)].map(
  ([, version = '', date = '']) => ({ version, date }),
);
const lock = z
  .object({ version: z.string(), packages: z.object({ '': z.object({ version: z.string() }) }) })
  .parse(JSON.parse(read('package-lock.json')));

describe('the version', () => {
  it('is that of the lock file and the newest of the changelog', () => {
    expect([lock.version, lock.packages[''].version]).toEqual([PLATFORM_VERSION, PLATFORM_VERSION]);
    expect(RELEASES[0]?.version).toBe(PLATFORM_VERSION);
  });
  it('tags the images, also those of the manifests that are committed', () => {
    const own = SERVICES.map((spec) => serviceImage(configOf('production'), spec));
    for (const image of own) expect(image.endsWith(`:${PLATFORM_VERSION}`), image).toBe(true);
    const manifests = JSON.stringify(readManifests('dist/production'));
    for (const image of own) expect(manifests).toContain(`"${image}"`);
  });
});

describe('CHANGELOG.md', () => {
  it('has releases by number and date, the newest first', () => {
    expect(RELEASES.length).toBeGreaterThan(1);
    const numbers = RELEASES.map(({ version }) =>
      version.split('.').reduce((sum, part) => sum * 1000 + Number(part), 0),
    );
    expect(numbers).toEqual(numbers.toSorted((a, b) => b - a));
    const dates = RELEASES.map(({ date }) => date);
    expect(dates).toEqual(dates.toSorted().toReversed());
  });
  it('has the sections of Keep a Changelog, none of them empty', () => {
    const sections = changelog.split(/^### /m).slice(1);
    for (const section of sections)
      expect(section).toMatch(/^(Added|Changed|Deprecated|Removed|Fixed|Security)\n\n- \S/);
  });
  it('has a way to each release from the one before', () => {
    const upgrade = read('docs/upgrade.md');
    for (const [index, { version }] of RELEASES.slice(0, -1).entries())
      expect(upgrade).toContain(`\n## From ${RELEASES[index + 1]?.version} to ${version}\n`);
  });
});
