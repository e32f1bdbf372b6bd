/** Compares a scanner's findings with the skips and their reasons. */
import { ENVIRONMENTS } from '../../charts/config/environments.ts';
import type { Scanner, Skip } from './skips.ts';

export interface Finding {
  readonly check: string;
  /** `Kind/name`. */
  readonly object: string;
  readonly says: string;
}

/** A scan of one environment. */
export interface Scan {
  readonly environment: string;
  /** Number of objects the scanner reports, and of objects in the manifests. */
  readonly seen: number;
  readonly expected: number;
  readonly findings: readonly Finding[];
}

const matches = (pattern: string, object: string): boolean =>
  pattern.endsWith('*') ? object.startsWith(pattern.slice(0, -1)) : object === pattern;

/** One line for each problem; empty when every finding has a reason. */
export function judge(scanner: Scanner, skips: readonly Skip[], scans: readonly Scan[]): readonly string[] {
  const used = new Set<string>();
  const rules = skips.flatMap(({ checks, objects, environments = ENVIRONMENTS }) => {
    const check = checks[scanner];
    if (check === undefined) return [];
    return environments.flatMap((environment) => objects.map((pattern) => ({ environment, check, pattern })));
  });
  const name = (environment: string, check: string, pattern: string) =>
    `${environment}: ${check} of ${pattern}`;

  const unseen = scans
    .filter(({ seen, expected }) => seen !== expected)
    .map(({ environment, seen, expected }) => `${environment}: saw ${seen} of ${expected} objects`);
  const unexplained = scans.flatMap(({ environment, findings }) =>
    findings
      .filter(({ check, object }) => {
        const found = rules.filter(
          (rule) => rule.environment === environment && rule.check === check && matches(rule.pattern, object),
        );
        for (const { pattern } of found) used.add(name(environment, check, pattern));
        return found.length === 0;
      })
      .map(({ check, object, says }) => `${environment}: ${object}: ${check}: ${says}`),
  );
  const stale = rules
    .map(({ environment, check, pattern }) => name(environment, check, pattern))
    .filter((rule) => !used.has(rule))
    .map((rule) => `${rule}: skipped, but found nowhere: take it out of scripts/scanners/skips.ts`);
  return [...unseen, ...new Set(unexplained), ...stale];
}
