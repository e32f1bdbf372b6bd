/** What a unit test of an alert is given: series, and what fires. */

/** Values by series, in promtool's notation, one a minute. */
export type Series = Readonly<Record<string, string>>;

export interface Firing {
  /** Labels beside the severity. @default {} */
  readonly labels?: Readonly<Record<string, string>>;
  /** The value as the description writes it. @default '', when it writes none */
  readonly value?: string;
}

export interface Case {
  /** When it is looked at, from the beginning of the series. */
  readonly at: string;
  /** How often rules are evaluated until then: hours of minutes take long. @default 1m */
  readonly every?: '1m' | '10m';
  readonly series: Series;
}

export interface FiringCase extends Case {
  readonly alerts: readonly Firing[];
}

/** Each alert has series that make it fire, and others, near the limit, that do not. */
export interface AlertCases {
  readonly fires: FiringCase | readonly FiringCase[];
  readonly quiet: Case | readonly Case[];
}

export type CasesOf = Readonly<Record<string, AlertCases>>;

/** The same value for `minutes`. */
export const still = (value: number, minutes = 120): string => `${value}+0x${minutes}`;
/** A counter that grows by so much a minute. */
export const growing = (perMinute: number, minutes = 120): string => `0+${perMinute}x${minutes}`;
/** A counter that stands still but for one growth after `after` minutes. */
export const once = (amount: number, after = 5, from = 0): string =>
  `${from}+0x${after} ${from + amount}+0x120`;

/** The same metric of several jobs; `odd` deviates. An empty text: no series. */
export function ofJobs(
  metric: string,
  jobs: readonly string[],
  values: string,
  odd: Readonly<Record<string, string>> = {},
): Series {
  return Object.fromEntries(
    jobs
      .map((job): [string, string] => [`${metric}{job="${job}"}`, odd[job] ?? values])
      .filter(([, text]) => text !== ''),
  );
}
