import { buildApp } from '../../charts/app.ts';
import type { Config } from '../../charts/config/schema.ts';
import type { ServiceSpec } from '../../charts/graph/model.ts';
import { type KubeObject, kubeObject } from './objects.ts';

/** The objects of an environment in the order of their files, without writing any. */
export function renderObjects(config: Config, services: readonly ServiceSpec[]): readonly KubeObject[] {
  return buildApp(config, services)
    .charts.toSorted((a, b) => (a.node.id < b.node.id ? -1 : 1))
    .flatMap((chart) => chart.toJson())
    .map((object) => kubeObject.parse(object));
}
