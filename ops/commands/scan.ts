import { selectBuilds } from '../core/build-plan.ts';
import { Failure } from '../core/failure.ts';
import {
  type Finding,
  parseReport,
  parseSeverities,
  type Severity,
  scanArguments,
  tally,
} from '../core/scan.ts';
import { buildList } from '../steps/images.ts';
import { checkTools } from '../tools/check-tools.ts';
import { checkBuilt } from '../tools/docker.ts';
import { findTrivy } from '../tools/image-analysis.ts';
import { type EnvironmentOptions, setupOf, verb, withEnvironment } from './options.ts';
import { json, line, table } from './print.ts';
import { showingEach } from './progress.ts';

interface Options extends EnvironmentOptions {
  readonly severity: readonly Severity[];
  readonly ignoreUnfixed: boolean;
  readonly json?: boolean;
}

interface Scanned {
  readonly image: string;
  readonly reference: string;
  readonly findings: readonly Finding[];
}

export const scan = withEnvironment(
  verb(
    'scan',
    'scan the local images for vulnerabilities with Trivy; exit status 1 when one is found',
    './platform scan security --severity CRITICAL --ignore-unfixed',
  )
    .argument('[service...]', 'services or images (default: all)')
    .option('--severity <list>', 'what counts', parseSeverities, parseSeverities('HIGH,CRITICAL'))
    .option('--ignore-unfixed', 'leave out what has no fix yet', false)
    .option('--json', 'print the findings as JSON'),
)
  .addHelpText(
    'after',
    '\nWithout trivy on PATH its image is run; variables TRIVY_… such as TRIVY_DB_REPOSITORY are passed on.',
  )
  .action(async (names: readonly string[], options: Options) => {
    const { config, services } = await setupOf(options);
    const builds = selectBuilds(buildList({ config, services }).builds, names);
    await checkTools(['docker']);
    await checkBuilt('scan', builds);
    const trivy = await findTrivy('scan');
    const args = scanArguments({ severities: options.severity, ignoreUnfixed: options.ignoreUnfixed });
    const scanned = await showingEach(options, builds, {
      title: ({ reference }) => reference,
      // One at a time: the first scan downloads the database that the others use.
      work: async ({ image, reference }): Promise<Scanned> => ({
        image,
        reference,
        findings: parseReport(await trivy(args, reference)),
      }),
    });
    if (options.json) json(scanned);
    else print(scanned);
    failOn(scanned, options.severity);
  });

function print(scanned: readonly Scanned[]): void {
  const rows = scanned.flatMap(({ image, findings }) =>
    findings.map((found) => [
      image,
      found.severity,
      found.id,
      `${found.package} ${found.installed}`,
      found.fixed ?? '-',
    ]),
  );
  line();
  if (rows.length > 0) table(['image', 'severity', 'vulnerability', 'package', 'fixed in'], rows);
  for (const { image, findings } of scanned) line(`${image}: ${tally(findings)}`);
}

function failOn(scanned: readonly Scanned[], severities: readonly Severity[]): void {
  const hit = scanned.filter(({ findings }) => findings.length > 0);
  if (hit.length === 0) return;
  const all = hit.flatMap(({ findings }) => findings);
  throw new Failure(
    `scan: ${tally(all)} in ${hit.map(({ image }) => image).join(', ')} (counted: ${severities.join(', ')})`,
    'build on a newer base image or with updated lock files',
  );
}
