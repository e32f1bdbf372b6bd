/** Alertmanager's API, through a port forwarded to its pod. */
import { z } from 'zod';
import { componentOf, portOf } from '../../charts/graph/build.ts';
import { ALERTMANAGER } from '../../charts/graph/model.ts';
import { type Alert, alert, type NewSilence, type Silence, silence } from '../core/alerts.ts';
import { Failure, messageOf } from '../core/failure.ts';
import { withForward } from '../tools/forward.ts';
import { portOfPod, runningPodOf } from './pods.ts';
import type { Target } from './target.ts';

const TIMEOUT_MS = 10_000;

export interface Alertmanager {
  /** Firing alerts, including silenced ones. */
  readonly alerts: () => Promise<readonly Alert[]>;
  /** Active and future silences. */
  readonly silences: () => Promise<readonly Silence[]>;
  /** Returns the silence's id. */
  readonly create: (wanted: NewSilence) => Promise<string>;
  readonly expire: (id: string) => Promise<void>;
}

/** @throws Failure when Alertmanager has no running pod, or does not answer. */
export async function withAlertmanager<T>(
  { kubectl, config, topology }: Omit<Target, 'wanted'>,
  use: (alertmanager: Alertmanager) => Promise<T>,
): Promise<T> {
  const component = componentOf(topology, ALERTMANAGER);
  const pod = await runningPodOf({ kubectl, config }, component);
  const target = portOfPod(kubectl, pod, portOf(component, 'web'));
  return withForward(target, (origin) => use(clientOf(`${origin}/api/v2`)));
}

const clientOf = (api: string): Alertmanager => ({
  alerts: async () => z.array(alert).parse(await ask(`${api}/alerts?active=true&inhibited=false`)),
  silences: async () =>
    z
      .array(silence)
      .parse(await ask(`${api}/silences`))
      .filter(({ status }) => status.state !== 'expired'),
  create: async (wanted) =>
    z.looseObject({ silenceID: z.string() }).parse(await ask(`${api}/silences`, 'POST', wanted)).silenceID,
  expire: async (id) => {
    await ask(`${api}/silence/${encodeURIComponent(id)}`, 'DELETE');
  },
});

async function ask(url: string, method = 'GET', body?: object): Promise<unknown> {
  const text = await fetch(url, {
    method,
    signal: AbortSignal.timeout(TIMEOUT_MS),
    ...(body ? { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } } : {}),
  }).then(
    async (answer) => {
      const said = await answer.text();
      if (!answer.ok) throw new Failure(`${ALERTMANAGER}: ${answer.status} ${said.trim().slice(0, 200)}`);
      return said;
    },
    (error: unknown) => {
      throw new Failure(`${ALERTMANAGER}: no answer (${messageOf(error)})`);
    },
  );
  return text.trim() === '' ? undefined : JSON.parse(text);
}
