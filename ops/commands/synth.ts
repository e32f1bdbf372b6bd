import { relative, resolve } from 'node:path';
import { ENVIRONMENTS } from '../../charts/config/environments.ts';
import { COMMITTED, type SynthResult, synthesize } from '../../charts/synth.ts';
import {
  environmentFrom,
  type OverrideOptions,
  overridesOf,
  servicesOf,
  verb,
  withOverrides,
} from './options.ts';
import { json, line, table } from './print.ts';

interface Options extends OverrideOptions {
  readonly env?: string;
  readonly out?: string;
  readonly json?: boolean;
}

export const synth = withOverrides(
  verb(
    'synth',
    'render the manifests of the environments',
    './platform synth --env staging --set images.tag=1.2.3 --out /tmp/manifests',
  )
    .option(
      '--environment, --env <names>',
      `environments or files that are one, separated by commas (default: ${ENVIRONMENTS.join(',')})`,
    )
    .option('--out <dir>', 'output folder (default: dist, which takes no overrides)')
    .option('--json', 'print counts and times as JSON'),
).action(async (options: Options) => {
  const overrides = overridesOf(options);
  const services = await servicesOf(options);
  const outdir = resolve(options.out ?? COMMITTED);
  const environments = options.env?.split(',').map((name) => name.trim()) ?? ENVIRONMENTS;
  const named = await Promise.all([...new Set(environments)].map(environmentFrom));
  const results = synthesize({ environments: named, overrides, services, outdir });
  if (options.json) json({ outdir, environments: results });
  else report(results, relative(process.cwd(), outdir) || '.');
});

function report(results: readonly SynthResult[], folder: string): void {
  const kinds = [...new Set(results.flatMap((result) => Object.keys(result.kinds)))].toSorted();
  table(
    ['objects', ...results.map((result) => result.environment)],
    [
      ...kinds.map((kind) => [kind, ...results.map((result) => result.kinds[kind] ?? 0)]),
      ['total', ...results.map((result) => result.objects)],
      ['milliseconds', ...results.map((result) => result.milliseconds)],
    ],
    1,
  );
  const milliseconds = results.reduce((sum, result) => sum + result.milliseconds, 0);
  line(`\n${results.length} environments in ${folder}/, ${milliseconds} ms`);
}
