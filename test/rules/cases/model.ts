/** A unit test of an alert: its series, and the alerts that fire. */

/** Values by series, in promtool's notation, one a minute. */
export type Series = Readonly<Record<string, string>>;

export interface Firing {
  /** Labels besides the severity. @default {} */
  readonly labels?: Readonly<Record<string, string>>;
  /** The value as the description prints it. @default '', when it prints none */
  readonly value?: string;
}

export interface Case {
  /** Time of the check, from the beginning of the series. */
  readonly at: string;
  /** Interval of evaluation; every minute is slow over hours. @default 1m */
  readonly every?: '1m' | '10m';
  readonly series: Series;
}

export interface FiringCase extends Case {
  readonly alerts: readonly Firing[];
}

/** Each alert has series that make it fire, and series near the limit that do not. */
export interface AlertCases {
  readonly fires: FiringCase | readonly FiringCase[];
  readonly quiet: Case | readonly Case[];
}

export type CasesOf = Readonly<Record<string, AlertCases>>;

/** The same value for `minutes`. */
export const still = (value: number, minutes = 120): string => `${value}+0x${minutes}`;
/** A counter that grows by `perMinute` each minute. */
export const growing = (perMinute: number, minutes = 120): string => `0+${perMinute}x${minutes}`;
/** A counter that grows once, by `amount`, after `after` minutes. */
export const once = (amount: number, after = 5, from = 0): string =>
  `${from}+0x${after} ${from + amount}+0x120`;

/** The same metric of several jobs. `odd` has other values for some; an empty one means no series. */
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
