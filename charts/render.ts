/** An app as text and as objects. */
import type { App } from 'cdk8s';
import { buildApp } from './app.ts';
import type { Config } from './config/schema.ts';
import { toYaml } from './constructs/yaml.ts';
import type { ServiceSpec } from './graph/model.ts';

/** The files of an app by name. cdk8s could write them itself, but leaves `=` unquoted. */
export const manifestsOf = (app: App): ReadonlyMap<string, string> =>
  new Map(app.charts.map((chart) => [`${chart.node.id}.k8s.yaml`, toYaml(...chart.toJson())]));

/** The objects of an environment in the order of their files. Nothing is written. */
export const renderObjects = (config: Config, services: readonly ServiceSpec[]): readonly unknown[] =>
  buildApp(config, services)
    .charts.toSorted((a, b) => (a.node.id < b.node.id ? -1 : 1))
    .flatMap((chart): readonly unknown[] => chart.toJson());
