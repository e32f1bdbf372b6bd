/** The rules in the cluster: Prometheus evaluates all, and they fire for a missing database and its effect on users. */
import { describe, expect, it } from 'vitest';
import { namespaceOf } from '../../../charts/constructs/names.ts';
import { ALERTMANAGER, postgresOf } from '../../../charts/graph/model.ts';
import { ruleGroups } from '../../../charts/monitoring/rules/catalog.ts';
import { ruleScope } from '../../../charts/monitoring/rules/model.ts';
import { selectorsOf } from '../../rules/promql.ts';
import { metricNames, query, ruleStates } from '../prometheus.ts';
import {
  CONTEXT,
  call,
  config,
  eventually,
  kubectl,
  NAMESPACE,
  pause,
  platform,
  signIn,
  topology,
  VALUES,
} from '../support.ts';

interface Firing {
  readonly labels: Readonly<Record<string, string>>;
  readonly startsAt: string;
}

/** Alerts Alertmanager holds for active, of that name and service. */
function active(alertname: string, service: string): readonly Firing[] {
  const filters = [`alertname="${alertname}"`, `service="${service}"`];
  const search = filters.map((filter) => `filter=${encodeURIComponent(filter)}`).join('&');
  const address = `/api/v1/namespaces/${namespaceOf(config, 'monitoring')}/services/${ALERTMANAGER}:web/proxy`;
  return JSON.parse(kubectl('get', '--raw', `${address}/api/v2/alerts?active=true&${search}`));
}

/** What a verb printed as JSON. `status` has exit status 1 while something is not ready. */
async function platformJson(...args: readonly string[]): Promise<unknown> {
  const options = ['--json', '--values', VALUES, '--context', CONTEXT];
  const { stdout, stderr, exitCode } = await platform(...args, ...options);
  if (stdout === '') throw new Error(`${args.join(' ')}: ${exitCode} ${stderr}`);
  return JSON.parse(stdout);
}

const seconds = (since: number): number => Math.round((Date.now() - since) / 1000);

describe('rules', () => {
  const groups = ruleGroups(ruleScope(config, topology));
  const rules = groups.flatMap(({ recordings = [], alerts = [] }) => [...recordings, ...alerts]);

  it(`all ${rules.length} are there and evaluated without an error`, async () => {
    await eventually(120, () => {
      const states = ruleStates();
      expect(states.length).toBe(rules.length);
      expect(states.filter(({ health }) => health !== 'ok')).toEqual([]);
    });
  });
  it('what they ask for has series, but for what has not happened yet', async () => {
    const asked = [...new Set(rules.flatMap(({ expr }) => selectorsOf(expr)).map(({ metric }) => metric))];
    const names = new Set(metricNames());
    const missing = asked.filter((name) => !names.has(name)).sort();
    console.info(
      `${asked.length - missing.length} of ${asked.length} metrics have series; not: ${missing.join(', ')}`,
    );
    // A counter with labels begins with its first event; dev has no certificate of the platform, and kubelets have no
    // statistics of kind's volumes.
    const expected = /^(ai|analytics|events|gateway|onec|traefik_tls|kubelet_volume_stats)_/;
    for (const name of missing) expect(name).toMatch(expected);
    expect(missing.length).toBeLessThan(asked.length / 4);
  });
});

describe('a database that is gone', () => {
  const SERVICE = 'ai-assistant';
  const store = postgresOf(SERVICE);
  const BURN = 'AvailabilityBudgetBurnsFast';
  const DIRECT = '/ai/conversations';
  const PATHS = ['/api/ai/conversations', DIRECT];
  const scale = (replicas: number) =>
    kubectl('scale', `statefulset/${store}`, '-n', NAMESPACE, `--replicas=${replicas}`);

  /** The status of one request, in turns through the gateway and directly from the edge. */
  let sent = 0;
  const ask = async (token: string): Promise<number> => {
    const { status } = await call(PATHS[sent++ % PATHS.length] ?? '', { token });
    return status;
  };

  /** The ratio behind the alert, which includes the requests of another run in the last hour. */
  function burning(statuses: readonly number[]): string {
    const of = `{slo="availability",service="${SERVICE}"}`;
    const [ratio] = query(`slo:error_ratio:avg1h${of} / slo:error_budget:ratio${of}`);
    return `the budget burns ${ratio?.value[1]} times too fast over 1h, after ${statuses.length} requests (${[...new Set(statuses)]})`;
  }

  /**
   * Sends requests until the alert is pending or firing in Prometheus; returns the statuses. No fixed number suffices:
   * failures before the counter's first scrape are in no rate, and the ratio includes all requests of the last hour.
   */
  async function fail(token: string, gone: number): Promise<readonly number[]> {
    const statuses: number[] = [];
    while (query(`ALERTS{alertname="${BURN}",service="${SERVICE}"}`).length === 0) {
      if (seconds(gone) > 300) throw new Error(`${BURN} does not come: ${burning(statuses)}`);
      statuses.push(await ask(token));
      await pause(1500);
    }
    return statuses;
  }

  /** Sends users' requests for some seconds directly through the edge; counts the statuses. */
  async function visit(token: string, statuses: Map<number, number>): Promise<void> {
    const user = async (): Promise<void> => {
      for (let round = 0; round < 50; round++) {
        const { status } = await call(DIRECT, { token });
        statuses.set(status, (statuses.get(status) ?? 0) + 1);
        await pause(50);
      }
    };
    await Promise.all(Array.from({ length: 8 }, user));
  }

  /** Sends requests until both alerts are resolved; returns the count of each status. */
  async function recover(token: string, back: number): Promise<ReadonlyMap<number, number>> {
    const statuses = new Map<number, number>();
    let firing = ['DatabaseDown', BURN];
    while (firing.length > 0) {
      expect(seconds(back), `still firing: ${firing.join(', ')}`).toBeLessThan(600);
      await visit(token, statuses);
      const over = firing.filter((name) => active(name, SERVICE).length === 0);
      for (const name of over)
        console.info(`${name}: over ${seconds(back)} s after the database was started`);
      firing = firing.filter((name) => !over.includes(name));
    }
    return statuses;
  }

  /** Checks the alert as an operator sees it, and silences it. */
  async function seenAndSilenced(): Promise<void> {
    const about = { alert: 'DatabaseDown', about: SERVICE, severity: 'critical' };
    expect(await platformJson('status')).toMatchObject({
      alerts: expect.arrayContaining([expect.objectContaining({ ...about, silenced: false })]),
    });
    const words = ['DatabaseDown', `service=${SERVICE}`, '--for', '10m', '--comment', 'a test', '--yes'];
    const { id } = (await platformJson('silence', ...words)) as { readonly id: string };
    expect(await platformJson('silence')).toMatchObject([{ id, comment: 'a test' }]);
    await eventually(30, async () => {
      expect(await platformJson('status')).toMatchObject({
        alerts: expect.arrayContaining([expect.objectContaining({ ...about, silenced: true })]),
      });
    });
    const expire = ['silence', '--expire', id, '--yes', '--values', VALUES, '--context', CONTEXT];
    expect((await platform(...expire)).exitCode).toBe(0);
    expect(await platformJson('silence')).toEqual([]);
    console.info('DatabaseDown: in status, silenced, and no more');
  }

  it('raises its alert and burns the budget of its service; both end when it is back', async () => {
    const { token } = await signIn();
    for (const _ of PATHS) expect(await ask(token)).toBe(200);

    const gone = Date.now();
    scale(0);
    try {
      const answers = await fail(token, gone);
      console.info(`${BURN}: waiting after ${seconds(gone)} s and ${answers.length} requests`);
      const failed = new Set(answers);
      failed.delete(200);
      // 503 tells users to retry; a 404 or a lost connection would not.
      expect([...failed]).toEqual([503]);
      const [down] = await eventually(240, () => {
        const firing = active('DatabaseDown', SERVICE);
        expect(firing).toHaveLength(1);
        return firing;
      });
      expect(down?.labels).toMatchObject({ severity: 'critical', job: store });
      const after = Math.round((Date.parse(down?.startsAt ?? '') - gone) / 1000);
      console.info(`DatabaseDown: firing ${after} s after the database was gone`);
      await seenAndSilenced();
      await eventually(300, () => expect(active(BURN, SERVICE)).toHaveLength(1));
      console.info(`${BURN}: in Alertmanager ${seconds(gone)} s after it`);
    } finally {
      scale(1);
    }

    const back = Date.now();
    kubectl('rollout', 'status', `statefulset/${store}`, '-n', NAMESPACE, '--timeout=120s');
    await eventually(90, async () => {
      for (const _ of PATHS) expect(await ask(token)).toBe(200);
    });
    const statuses = await recover(token, back);
    console.info(`answers meanwhile: ${JSON.stringify(Object.fromEntries(statuses))}`);
    expect([...statuses.keys()].filter((status) => status !== 200 && status !== 429)).toEqual([]);
  }, 960_000);
});
