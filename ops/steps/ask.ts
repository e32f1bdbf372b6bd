/** Asks pods of services how they are. */
import { portOf } from '../../charts/graph/build.ts';
import type { Component } from '../../charts/graph/model.ts';
import { type LivePod, podsOfComponent } from '../core/components.ts';
import { messageOf } from '../core/failure.ts';
import { type Asked, healthReport } from '../core/health.ts';
import { withForward } from '../tools/forward.ts';
import { checkInterrupted } from '../tools/interrupt.ts';
import { portOfPod } from './pods.ts';
import type { Target } from './target.ts';

/** The services look at what they need for 3 seconds at most. */
const PATIENCE_MS = 10_000;

/** Asks every running pod of the services; the answer of a service that is not ready is one, too. */
export function askServices(
  { kubectl, config }: Pick<Target, 'kubectl' | 'config'>,
  services: readonly Component[],
  pods: readonly LivePod[],
): Promise<readonly Asked[]> {
  const running = services.flatMap((component) =>
    podsOfComponent(config, component, pods)
      .filter(({ status }) => status.phase === 'Running')
      .map((pod) => ({ component, pod })),
  );
  return Promise.all(running.map(ask));

  async function ask({ component, pod }: { component: Component; pod: LivePod }): Promise<Asked> {
    const subject = { component: component.name, pod: pod.metadata.name };
    const target = portOfPod(kubectl, pod, portOf(component, 'http'));
    try {
      return await withForward(target, async (origin) => ({ ...subject, ...(await health(origin)) }));
    } catch (error) {
      checkInterrupted();
      return { ...subject, problem: messageOf(error) };
    }
  }
}

async function health(origin: string): Promise<Pick<Asked, 'milliseconds' | 'report'>> {
  const began = performance.now();
  const answer = await fetch(`${origin}/health`, { signal: AbortSignal.timeout(PATIENCE_MS) });
  const report = healthReport.parse(await answer.json());
  return { milliseconds: Math.round((performance.now() - began) * 10) / 10, report };
}
