/** Has the stores write what they have in memory: a node that stops does not always let them. */
import { databaseOf } from '../../charts/data/database.ts';
import type { Component } from '../../charts/graph/model.ts';
import { type LivePod, podsOfComponent } from '../core/components.ts';
import { execArguments, psqlCommand, redisCommand } from '../core/consoles.ts';
import { inParallel } from '../tools/parallel.ts';
import { podsAround } from './pods.ts';
import type { Target } from './target.ts';

/** @returns names of the stores that were running, and have written. */
export async function flushStores({
  kubectl,
  config,
  topology,
}: Pick<Target, 'kubectl' | 'config' | 'topology'>): Promise<readonly string[]> {
  const stores = topology.components.filter(({ kind }) => kind === 'postgres' || kind === 'redis');
  const pods = await podsAround({ kubectl, config }, stores);
  const due = stores.flatMap((component) =>
    podsOfComponent(config, component, pods)
      .filter(({ status }) => status.containerStatuses.some(({ ready }) => ready))
      .map((pod) => ({ component, pod })),
  );
  return inParallel(due, 3, async ({ component, pod }) => {
    await flush(component, pod);
    return component.name;
  });

  async function flush({ kind, service }: Component, pod: LivePod): Promise<void> {
    const run = (command: readonly string[], input?: string) =>
      kubectl.output(execArguments(pod, ['--stdin'], command), input);
    if (kind === 'redis') await run(redisCommand(['SAVE']));
    else if (service?.database && config.databases.engine === 'statefulset') {
      const database = databaseOf(config, service.database);
      await run(psqlCommand(database, { superuser: true }), 'CHECKPOINT;\n');
    }
  }
}
