/**
 * What Lighthouse says of the console and of the API's pages, through the edge of a running platform:
 * `npm run bench:console [-- ORIGIN] [--json]`.
 *
 * ORIGIN is https://localhost by default, as `./platform up` leaves it. Exit status 1 when a page has less than 95 for
 * performance or accessibility, out of 100. Lighthouse has a lock file of its own in bench/lighthouse and is installed
 * at the first run.
 */
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import Table from 'cli-table3';
import { execa } from 'execa';
import { z } from 'zod';
import { ROOT } from '../ops/core/paths.ts';
import { requireChromium } from '../scripts/gates/chromium.ts';

const LEAST = 95;
/** Swagger's own viewer at /docs is not ours to make small: it is measured, and no limit holds for it. */
const PAGES = [
  { path: '/', isOurs: true },
  { path: '/docs/examples', isOurs: true },
  { path: '/docs', isOurs: false },
] as const;
const DEVICES = ['mobile', 'desktop'] as const;
const CATEGORIES = ['performance', 'accessibility', 'best-practices'] as const;

const score = z.object({ score: z.number().nullable() });
const metric = z.object({ numericValue: z.number() });
const reportOf = z.object({
  categories: z.object({ performance: score, accessibility: score, 'best-practices': score }),
  audits: z.object({
    'first-contentful-paint': metric,
    'largest-contentful-paint': metric,
    'total-blocking-time': metric,
    'total-byte-weight': metric,
  }),
});

const FOLDER = join(ROOT, 'bench/lighthouse');
const { values, positionals } = parseArgs({ options: { json: { type: 'boolean' } }, allowPositionals: true });
const [origin = 'https://localhost'] = positionals;

async function measure(path: string, device: (typeof DEVICES)[number]) {
  const scratch = mkdtempSync(join(tmpdir(), 'lighthouse-'));
  const output = join(scratch, 'report.json');
  try {
    await execa(
      join(FOLDER, 'node_modules/.bin/lighthouse'),
      [
        `${origin}${path}`,
        '--quiet',
        '--output=json',
        `--output-path=${output}`,
        `--only-categories=${CATEGORIES.join(',')}`,
        ...(device === 'desktop' ? ['--preset=desktop'] : []),
        // The edge of a laptop has a certificate of its own.
        '--chrome-flags=--headless=new --no-sandbox --ignore-certificate-errors',
      ],
      { env: { CHROME_PATH: requireChromium() }, timeout: 180_000 },
    );
    const { categories, audits } = reportOf.parse(JSON.parse(readFileSync(output, 'utf8')));
    const percent = (name: (typeof CATEGORIES)[number]) => Math.round((categories[name].score ?? 0) * 100);
    const rounded = (name: keyof typeof audits) => Math.round(audits[name].numericValue);
    return {
      page: path,
      device,
      performance: percent('performance'),
      accessibility: percent('accessibility'),
      bestPractices: percent('best-practices'),
      firstPaintMs: rounded('first-contentful-paint'),
      largestPaintMs: rounded('largest-contentful-paint'),
      blockedMs: rounded('total-blocking-time'),
      bytes: rounded('total-byte-weight'),
    };
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

if (!existsSync(join(FOLDER, 'node_modules')))
  await execa('npm', ['ci', '--no-fund', '--no-audit'], { cwd: FOLDER, stdio: 'inherit' });
const rows: Awaited<ReturnType<typeof measure>>[] = [];
for (const { path, isOurs } of PAGES)
  for (const device of DEVICES) {
    const row = await measure(path, device);
    rows.push(row);
    const { performance, accessibility } = row;
    if (!isOurs || Math.min(performance, accessibility) >= LEAST) continue;
    console.error(
      `${path}, ${device}: ${performance} and ${accessibility}, expected at least ${LEAST} for each`,
    );
    process.exitCode = 1;
  }

if (values.json) console.log(JSON.stringify(rows, undefined, 2));
else {
  const table = new Table({ head: Object.keys(rows[0] ?? {}), style: { head: [], border: [] } });
  for (const row of rows) table.push(Object.values(row));
  console.log(table.toString());
}
