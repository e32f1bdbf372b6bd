/** Tests of a running platform, for environments without users at work. */
import { z } from 'zod';
import { positive } from './fields.ts';

/** The most virtual users a load test may have. */
export const MAX_VUS = 100;
/** The longest a load test may last, in seconds. */
export const MAX_DURATION_SECONDS = 600;

/** Nothing of it runs by itself: `./platform load-test` and `database-test` start it. */
export const extras = z
  .strictObject({
    loadTest: z
      .strictObject({
        enabled: z.boolean().default(false),
        /** Virtual users, each a caller of its own. */
        vus: positive.max(MAX_VUS).default(10),
        durationSeconds: z.int().min(5).max(MAX_DURATION_SECONDS).default(60),
        /** Share of the requests of a route that may fail. */
        maxErrorRate: z.number().min(0).max(1).default(0.01),
        /** Limit of the 95th percentile of each route. */
        p95Milliseconds: positive.default(500),
      })
      .prefault({}),
    databaseTest: z
      .strictObject({
        enabled: z.boolean().default(false),
        /** Rows that the test writes, reads and deletes. */
        rows: positive.max(100_000).default(1000),
      })
      .prefault({}),
  })
  .prefault({});
