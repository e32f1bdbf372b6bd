/** Vulnerabilities as Trivy reports them. */
import { z } from 'zod';
import { Failure, messageOf } from './failure.ts';

export const SEVERITIES = ['UNKNOWN', 'LOW', 'MEDIUM', 'HIGH', 'CRITICAL'] as const;
export type Severity = (typeof SEVERITIES)[number];

export interface Finding {
  readonly id: string;
  readonly severity: Severity;
  readonly package: string;
  readonly installed: string;
  /** The first version without the vulnerability; undefined when there is no fix yet. */
  readonly fixed?: string;
  readonly title?: string;
}

/** The severities of `HIGH,CRITICAL`. @throws Failure for an unknown one. */
export function parseSeverities(text: string): readonly Severity[] {
  const names = text.split(',').map((name) => name.trim().toUpperCase());
  const wrong = names.find((name) => !SEVERITIES.some((severity) => severity === name));
  if (wrong !== undefined)
    throw new Failure(
      `--severity: "${wrong}" is not a severity`,
      `expected some of ${SEVERITIES.join(', ')}`,
    );
  return SEVERITIES.filter((severity) => names.includes(severity));
}

export interface ScanOptions {
  readonly severities: readonly Severity[];
  /** Leaves out vulnerabilities without a fix. */
  readonly ignoreUnfixed: boolean;
}

/** Arguments of `trivy image`, without the image. */
export const scanArguments = ({ severities, ignoreUnfixed }: ScanOptions): readonly string[] => [
  '--quiet',
  '--format=json',
  '--scanners=vuln',
  `--severity=${severities.join(',')}`,
  ...(ignoreUnfixed ? ['--ignore-unfixed'] : []),
];

const report = z.looseObject({
  Results: z
    .array(
      z.looseObject({
        Vulnerabilities: z
          .array(
            z.looseObject({
              VulnerabilityID: z.string(),
              PkgName: z.string(),
              InstalledVersion: z.string().default(''),
              FixedVersion: z.string().default(''),
              Severity: z.enum(SEVERITIES),
              Title: z.string().default(''),
            }),
          )
          .nullish(),
      }),
    )
    .nullish(),
});

/** Vulnerabilities in a report, the worst first. @throws Failure for text that is no report. */
export function parseReport(text: string): readonly Finding[] {
  const { Results: results } = parse(text);
  const findings = (results ?? [])
    .flatMap(({ Vulnerabilities: found }) => found ?? [])
    .map((found) => ({
      id: found.VulnerabilityID,
      severity: found.Severity,
      package: found.PkgName,
      installed: found.InstalledVersion,
      ...(found.FixedVersion === '' ? {} : { fixed: found.FixedVersion }),
      ...(found.Title === '' ? {} : { title: found.Title }),
    }));
  const rank = ({ severity }: Finding): number => SEVERITIES.indexOf(severity);
  return findings.toSorted((a, b) => rank(b) - rank(a) || a.id.localeCompare(b.id));
}

function parse(text: string): z.output<typeof report> {
  try {
    return report.parse(JSON.parse(text));
  } catch (error) {
    throw new Failure(
      `scan: trivy's answer is not a report (${messageOf(error).slice(0, 200)})`,
      'update trivy',
    );
  }
}

/** Count of each severity, such as `2 HIGH, 1 CRITICAL`; `none` for an empty list. */
export function tally(findings: readonly Finding[]): string {
  const counts = SEVERITIES.toReversed().flatMap((severity) => {
    const count = findings.filter((finding) => finding.severity === severity).length;
    return count > 0 ? [`${count} ${severity}`] : [];
  });
  return counts.join(', ') || 'none';
}
