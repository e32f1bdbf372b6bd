/** The console in a real browser, against real services. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ROOT } from '../../ops/core/paths.ts';
import { accessibility } from './accessibility.ts';
import { attacks } from './hostile.ts';
import { journeys } from './journey.ts';
import { deno, startWorld, type World } from './world.ts';

const DIST = join(ROOT, 'services/console/dist');
const FIRST_LOAD_BYTES = 150_000;

let started: World | undefined;
const world = (): World => {
  if (!started) throw new Error('the platform is not started');
  return started;
};

beforeAll(async () => {
  started = await startWorld();
});
afterAll(() => started?.close());

describe('journeys', () => journeys(world));
describe('attacks', () => attacks(world));
describe('accessibility', () => accessibility(world));

describe('what is built', () => {
  it('is small enough for a first visit', () => {
    const total = Number(/(\d+) gzip {2}in all/.exec(world().sizes)?.[1]);
    expect(total).toBeGreaterThan(0);
    expect(total).toBeLessThan(FIRST_LOAD_BYTES);
  });

  it('is a page that names hashed assets alone, and holds no script or style', () => {
    const page = readFileSync(join(DIST, 'index.html'), 'utf8');
    const named = [...page.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, url]) => url);
    const assets = readdirSync(join(DIST, 'assets')).map((name) => `/assets/${name}`);
    expect(named.toSorted()).toEqual(assets.toSorted());
    for (const asset of assets) expect(asset).toMatch(/^\/assets\/[a-z]+-[A-Z0-9]{8}\.(js|css|svg)$/);
    expect(page).not.toMatch(/<style|<script[^>]*>[^<]|\sstyle=|\son\w+=/);
  });

  it('is written for the API as the gateway describes it', async () => {
    await deno('api', '--check', world().url);
  });
});
