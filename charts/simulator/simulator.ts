/** Whether the 1C simulator runs, where it is reached, and whose credentials it takes. */
import type { Config } from '../config/schema.ts';
import { ONEC_INTEGRATION, PORTS, type SecretSpec, type ServiceSpec, SIMULATOR } from '../graph/model.ts';

/** Path of the simulated base, as in onec_simulator/server.py. */
const BASE_PATH = '/base/odata/standard.odata';

/** A configured server wins: then there is nothing to simulate. */
export const simulatorRuns = ({ simulator, settings }: Config): boolean =>
  simulator.enabled && settings.onecServerUrl === '';

/** Address of the 1C base: the configured one, the simulator's, or none. */
export const onecServerUrl = (config: Config): string =>
  simulatorRuns(config)
    ? `http://${SIMULATOR}:${PORTS.simulator}${BASE_PATH}`
    : config.settings.onecServerUrl;

/** User and password of the simulated base, under the names of the 1C server's. */
export const SIMULATOR_SECRET: SecretSpec = {
  name: SIMULATOR,
  keys: ['ONEC_USERNAME', 'ONEC_PASSWORD'],
  generated: true,
};

/** The services, with the simulator's credentials in place of the 1C server's while it runs. */
export function withSimulator(config: Config, services: readonly ServiceSpec[]): readonly ServiceSpec[] {
  if (!simulatorRuns(config)) return services;
  return services.map((spec) =>
    spec.name === ONEC_INTEGRATION ? { ...spec, secrets: [SIMULATOR_SECRET] } : spec,
  );
}
