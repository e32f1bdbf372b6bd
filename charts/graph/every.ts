/** Every component there can be, whatever the configuration turns off. */
import { buildTopology } from './build.ts';
import type { Component, ServiceSpec } from './model.ts';

export const everyComponent = (services: readonly ServiceSpec[]): readonly Component[] =>
  buildTopology(services, {
    simulator: true,
    modelSimulator: true,
    logging: true,
    extras: { loadTest: true, databaseTest: true },
  }).components;
