/** Alerts and silences as Alertmanager's API v2 has them (its openapi.yaml), as rows for people, and new silences. */
import { z } from 'zod';
import { SEVERITIES } from '../../charts/monitoring/routing.ts';
import { Failure } from './failure.ts';

const labels = z.record(z.string(), z.string());

export const alert = z.looseObject({
  labels,
  annotations: labels.default({}),
  startsAt: z.string(),
  status: z.looseObject({ state: z.string(), silencedBy: z.array(z.string()).default([]) }),
});
export type Alert = z.output<typeof alert>;

export const silence = z.looseObject({
  id: z.string(),
  status: z.looseObject({ state: z.enum(['active', 'pending', 'expired']) }),
  matchers: z.array(
    z.looseObject({
      name: z.string(),
      value: z.string(),
      isRegex: z.boolean(),
      isEqual: z.boolean().default(true),
    }),
  ),
  endsAt: z.string(),
  createdBy: z.string(),
  comment: z.string(),
});
export type Silence = z.output<typeof silence>;
export type Matcher = Pick<Silence['matchers'][number], 'name' | 'value' | 'isRegex' | 'isEqual'>;

export interface AlertRow {
  readonly alert: string;
  readonly severity: string;
  /** The service, component or job of the alert. */
  readonly about: string;
  readonly ageSeconds: number;
  readonly silenced: boolean;
  readonly summary: string;
  readonly runbook: string;
}

const ORDER = Object.keys(SEVERITIES);
const rank = ({ severity }: AlertRow): number => {
  const found = ORDER.indexOf(severity);
  return found < 0 ? ORDER.length : found;
};

/** The most severe first, then the oldest. */
export const alertRows = (alerts: readonly Alert[], now: Date): readonly AlertRow[] =>
  alerts
    .map(({ labels: of, annotations, startsAt, status }) => ({
      alert: of.alertname ?? '',
      severity: of.severity ?? '',
      about: of.service ?? of.component ?? of.job ?? of.namespace ?? '',
      ageSeconds: Math.max(0, Math.round((now.getTime() - Date.parse(startsAt)) / 1000)),
      silenced: status.silencedBy.length > 0,
      summary: annotations.summary ?? annotations.description ?? '',
      runbook: annotations.runbook_url ?? '',
    }))
    .toSorted((a, b) => rank(a) - rank(b) || b.ageSeconds - a.ageSeconds);

const OPERATORS = {
  '=': { isRegex: false, isEqual: true },
  '!=': { isRegex: false, isEqual: false },
  '=~': { isRegex: true, isEqual: true },
  '!~': { isRegex: true, isEqual: false },
} as const;

/**
 * Matchers of words such as `DatabaseDown`, `service=security`, `severity!=critical`, `alertname=~Gateway.*`.
 *
 * @param known names of alerts: a word without operator must be one of them.
 * @throws Failure naming a word that is no matcher, or a pattern that cannot be read.
 */
export const parseMatchers = (words: readonly string[], known: readonly string[]): readonly Matcher[] =>
  words.map((word) => {
    const [, name, operator, value] = /^([A-Za-z_]\w*)(=~|!~|!=|=)(.+)$/s.exec(word) ?? [];
    if (name !== undefined && value !== undefined && isOperator(operator)) {
      if (OPERATORS[operator].isRegex) checkPattern(word, value);
      return { name, value, ...OPERATORS[operator] };
    }
    if (!known.includes(word))
      throw new Failure(
        `silence: "${word}" is no alert of this platform`,
        `expected one of docs/alerts.md, or a matcher such as service=security`,
      );
    return { name: 'alertname', value: word, ...OPERATORS['='] };
  });

const isOperator = (text: string | undefined): text is keyof typeof OPERATORS =>
  text !== undefined && Object.hasOwn(OPERATORS, text);

function checkPattern(word: string, pattern: string): void {
  try {
    new RegExp(pattern);
  } catch {
    throw new Failure(`silence: "${word}" is not a pattern`, 'expected a regular expression after ~');
  }
}

export const matcherText = ({ name, value, isRegex, isEqual }: Matcher): string =>
  `${name}${isEqual ? (isRegex ? '=~' : '=') : isRegex ? '!~' : '!='}${value}`;

/** Whether a silence of these matchers covers the alert; Alertmanager's patterns are anchored at both ends. */
export const covers = (matchers: readonly Matcher[], { labels: of }: Alert): boolean =>
  matchers.every(({ name, value, isRegex, isEqual }) => {
    const found = of[name] ?? '';
    const equal = isRegex ? new RegExp(`^(?:${value})$`).test(found) : found === value;
    return equal === isEqual;
  });

const UNIT_SECONDS = { m: 60, h: 3600, d: 86_400 } as const;

/** Seconds of `30m`, `2h`, `3d`; undefined for any other text. */
export function durationSeconds(text: string): number | undefined {
  const [, count, unit] = /^([1-9]\d{0,3})([mhd])$/.exec(text) ?? [];
  if (count === undefined || (unit !== 'm' && unit !== 'h' && unit !== 'd')) return undefined;
  return Number(count) * UNIT_SECONDS[unit];
}

export interface NewSilence {
  readonly matchers: readonly Matcher[];
  readonly startsAt: string;
  readonly endsAt: string;
  readonly createdBy: string;
  readonly comment: string;
}

export const newSilence = (
  matchers: readonly Matcher[],
  seconds: number,
  by: { readonly createdBy: string; readonly comment: string },
  now: Date,
): NewSilence => ({
  matchers,
  startsAt: now.toISOString(),
  endsAt: new Date(now.getTime() + seconds * 1000).toISOString(),
  ...by,
});
