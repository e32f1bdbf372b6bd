/** Health of the components: what their pods say, and what the services say about those they need. */
import { z } from 'zod';
import type { Component } from '../../charts/graph/model.ts';
import type { StatusRow } from './status.ts';

/** What a service answers at `/health`. */
export const healthReport = z.looseObject({
  status: z.string(),
  checks: z.record(z.string(), z.looseObject({ status: z.string(), latency_ms: z.number().nullish() })),
});

/** What came of asking one pod. */
export interface Asked {
  readonly component: string;
  readonly pod: string;
  /** Milliseconds until it had answered, the way there included. */
  readonly milliseconds?: number;
  readonly report?: z.output<typeof healthReport>;
  /** Why there is no report. */
  readonly problem?: string;
}

export interface Check {
  readonly name: string;
  readonly ok: boolean;
  readonly latencyMs?: number;
}

export interface HealthRow {
  readonly component: string;
  readonly pod: string;
  readonly ok: boolean;
  readonly milliseconds?: number;
  readonly checks: readonly Check[];
  readonly reason: string;
}

/** A row for each pod that was asked, and one for each component without such an endpoint: there the readiness of its pods counts. */
export function healthRows(
  components: readonly Component[],
  status: readonly StatusRow[],
  asked: readonly Asked[],
): readonly HealthRow[] {
  return components.flatMap(({ name }) => {
    const answers = asked.filter(({ component }) => component === name);
    if (answers.length > 0) return answers.map(rowOf);
    const row = status.find(({ component }) => component === name);
    return [
      {
        component: name,
        pod: '',
        ok: row?.ok ?? false,
        checks: [],
        reason: row ? row.reason : 'not deployed',
      },
    ];
  });
}

function rowOf({ component, pod, milliseconds, report, problem }: Asked): HealthRow {
  const checks = Object.entries(report?.checks ?? {}).map(([name, { status, latency_ms: latency }]) => ({
    name,
    ok: status === 'ok',
    ...(latency === null || latency === undefined ? {} : { latencyMs: latency }),
  }));
  const failed = checks.filter(({ ok }) => !ok).map(({ name }) => `${name} unavailable`);
  const ok = report?.status === 'ok';
  return {
    component,
    pod,
    ok,
    ...(milliseconds === undefined ? {} : { milliseconds }),
    checks,
    reason: problem ?? (ok ? '' : failed.join(', ') || `says ${report?.status}`),
  };
}
