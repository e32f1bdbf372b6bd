/** What a load test found. */
import { z } from 'zod';
import { Failure } from './failure.ts';

const trend = z.looseObject({ med: z.number(), 'p(95)': z.number(), 'p(99)': z.number(), max: z.number() });

const loadResult = z.object({
  users: z.number(),
  seconds: z.number(),
  routes: z.array(
    z.object({
      service: z.string(),
      path: z.string(),
      requests: z.number(),
      /** Share of the requests that went wrong. */
      errorRate: z.number(),
      maxErrorRate: z.number(),
      /** Empty when nothing was asked. */
      milliseconds: z.union([trend, z.strictObject({})]),
      p95Milliseconds: z.number(),
      ok: z.boolean(),
    }),
  ),
});
export type LoadResult = z.output<typeof loadResult>;
export type LoadedRoute = LoadResult['routes'][number];

/** The result in the log of a load test: its last line of JSON; nothing when it did not get so far. */
export function parseLoadResult(log: string): LoadResult | undefined {
  const line = log
    .split('\n')
    .findLast((text) => text.startsWith('{"users"'))
    ?.trim();
  return line === undefined ? undefined : loadResult.parse(JSON.parse(line));
}

/** A median or a percentile, in milliseconds; nothing when nothing was asked. */
export const millisecondsOf = (
  { milliseconds }: LoadedRoute,
  of: 'med' | 'p(95)' | 'p(99)' | 'max',
): number | undefined => ('med' in milliseconds ? milliseconds[of] : undefined);

/** @throws Failure naming the routes that crossed a threshold. */
export function checkLoad({ routes }: LoadResult): void {
  const crossed = routes.filter(({ ok }) => !ok);
  if (crossed.length > 0)
    throw new Failure(
      `load-test: thresholds crossed by ${crossed.map(({ service }) => service).join(', ')}`,
      'see ./platform resources and the dashboards, or change extras.loadTest',
    );
}
