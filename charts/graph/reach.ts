/** Which component may reach which: an edge allows a connection, a missing edge refuses it. */
import type { Component, Topology } from './model.ts';

export interface Pair {
  readonly from: Component;
  readonly to: Component;
  readonly port: string;
  readonly number: number;
  readonly allowed: boolean;
}

/** Every ordered pair of components that run all the time, for every port that pods of the second have. */
export function reachability(topology: Topology): readonly Pair[] {
  const running = topology.components.filter((component) => component.presence === 'always');
  const open = new Set(topology.edges.map(({ from, to, port }) => `${from} ${to} ${port}`));
  return running.flatMap((from) =>
    running
      .filter((to) => to !== from)
      .flatMap((to) =>
        to.ports
          .filter(({ outside }) => !outside)
          .map(({ name, number }) => ({
            from,
            to,
            port: name,
            number,
            allowed: open.has(`${from.name} ${to.name} ${name}`),
          })),
      ),
  );
}
