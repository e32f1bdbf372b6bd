/**
 * Whether user-management bears more logins than it can serve: `npm run bench:login [-- --seconds N] [--connections N]`.
 *
 * The real process with PostgreSQL and Redis, on the part of a CPU that its pod is sure of. Clients with wrong passwords
 * come back as soon as they are answered. The exit code is 1 when a promise of the last column is not kept.
 */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import Table from 'cli-table3';

const HELP = `Usage: npm run bench:login -- [options]

  --connections N  clients at once (default 200)
  --seconds N      how long they come (default 30)
  --cpu PART       of one CPU for the service (default 0.25)
  --json           print the figures as JSON
  --help           this text
`;
const ROOT = join(import.meta.dirname, '..');
const PACKAGES = [
  'contract',
  'common',
  'ai-assistant',
  'analytics',
  'onec-integration',
  'security',
  'user-management',
];
/** The container may have 512 MiB. */
const MEMORY_MIB = 384;
const REFUSED_WITHIN_SECONDS = 1;
const BACK_WITHIN_SECONDS = 5;

const { values } = parseArgs({
  options: {
    connections: { type: 'string', default: '200' },
    seconds: { type: 'string', default: '30' },
    cpu: { type: 'string', default: '0.25' },
    json: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});

type ByStatus = Readonly<Record<string, readonly number[]>>;

interface Figures {
  readonly logins: ByStatus;
  readonly health: ByStatus;
  readonly cpu_seconds: number;
  readonly memory_before: number;
  readonly memory_most: number;
  readonly back_after: number;
}

function measured(): Figures {
  const options = ['connections', 'seconds', 'cpu'] as const;
  const { status, stdout } = spawnSync(
    join(ROOT, '.venv/bin/python'),
    ['-m', 'contract_testing.login_load', ...options.flatMap((name) => [`--${name}`, values[name]])],
    {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'inherit'],
      maxBuffer: 2 ** 28,
      env: { ...process.env, PYTHONPATH: PACKAGES.map((name) => join(ROOT, 'services', name)).join(':') },
    },
  );
  if (status !== 0) throw new Error(`the measurement ended with ${status}`);
  return JSON.parse(stdout);
}

function percentile(samples: readonly number[], part: number): number {
  const sorted = [...samples].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? Number.NaN;
}

const seconds = (value: number): string => `${value.toFixed(2)} s`;
const spread = (samples: readonly number[]): string =>
  [0.5, 0.99, 1].map((part) => seconds(percentile(samples, part))).join(' / ');

/** What was measured, the figures, and whether the promise about it is kept. */
function rows({ logins, health, ...rest }: Figures): readonly [string, string, string, boolean][] {
  const refused = logins['503'] ?? [];
  const checks = Object.entries(health).map(([status, samples]) => `${samples.length} times ${status}`);
  return [
    ...Object.entries(logins).map(([status, samples]): [string, string, string, boolean] => [
      `logins answered ${status}`,
      `${samples.length}, after ${spread(samples)}`,
      status === '503' ? `within ${REFUSED_WITHIN_SECONDS} s` : '',
      status !== '503' || percentile(refused, 1) <= REFUSED_WITHIN_SECONDS,
    ]),
    [
      '/health',
      `${checks.join(', ')}, after ${spread(Object.values(health).flat())}`,
      'always 200',
      Object.keys(health).join() === '200',
    ],
    [
      'CPU',
      `${seconds(rest.cpu_seconds)} of ${seconds(Number(values.seconds) * Number(values.cpu))}`,
      '',
      true,
    ],
    [
      'memory before / at most',
      `${rest.memory_before.toFixed(0)} / ${rest.memory_most.toFixed(0)} MiB`,
      `below ${MEMORY_MIB} MiB`,
      rest.memory_most < MEMORY_MIB,
    ],
    [
      'a login let in again',
      `${seconds(rest.back_after)} after the load`,
      `within ${BACK_WITHIN_SECONDS} s`,
      rest.back_after <= BACK_WITHIN_SECONDS,
    ],
  ];
}

function main(): void {
  if (values.help) {
    process.stdout.write(HELP);
    return;
  }
  const figures = measured();
  const lines = rows(figures);
  if (values.json) process.stdout.write(`${JSON.stringify(figures)}\n`);
  else {
    const table = new Table({
      head: ['', 'median / 99th percentile / longest', 'promised', ''],
      style: { head: [], border: [] },
    });
    for (const [what, found, promised, kept] of lines)
      table.push([what, found, promised, promised && (kept ? 'kept' : 'NOT KEPT')]);
    process.stdout.write(
      `${values.connections} clients for ${values.seconds} s, ${values.cpu} of a CPU\n${table.toString()}\n`,
    );
  }
  if (lines.some(([, , , kept]) => !kept)) process.exitCode = 1;
}

main();
