/** Whether the simulators run, their addresses, and the 1C simulator's credentials. */
import type { Config } from '../config/schema.ts';
import {
  AI_ASSISTANT,
  MODEL_SIMULATOR,
  ONEC_INTEGRATION,
  PORTS,
  type SecretSpec,
  type ServiceSpec,
  SIMULATOR,
  type Topology,
} from '../graph/model.ts';

/** Path of the simulated base, as in onec_simulator/server.py. */
const BASE_PATH = '/base/odata/standard.odata';

/** A configured 1C server wins over the simulator. */
export const simulatorRuns = ({ simulator, settings }: Config): boolean =>
  simulator.enabled && settings.onecServerUrl === '';

/** Address of the 1C base: the configured one, the simulator's, or none. */
export const onecServerUrl = (config: Config): string =>
  simulatorRuns(config)
    ? `http://${SIMULATOR}:${PORTS.simulator}${BASE_PATH}`
    : config.settings.onecServerUrl;

/** A configured address wins over the simulator. So does a provider's key, which only ai-assistant sees. */
export const modelSimulatorRuns = ({ simulator, settings }: Config): boolean =>
  simulator.models && settings.openaiBaseUrl === '' && settings.anthropicBaseUrl === '';

/** Address of the simulated providers, or none. */
export const modelSimulatorUrl = (config: Config): string =>
  modelSimulatorRuns(config) ? `http://${MODEL_SIMULATOR}:${PORTS.modelSimulator}` : '';

/** User and password of the simulated base, under the names of the 1C server's. */
const SIMULATOR_SECRET: SecretSpec = {
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

/** A simulator that runs, and the service whose image contains it. */
export interface Simulator {
  readonly name: string;
  readonly spec: ServiceSpec;
  /** The Python package to start. */
  readonly module: string;
  readonly secret?: SecretSpec;
}

/** The simulators that run in a topology. */
export function simulatorsOf({ components, services }: Topology): readonly Simulator[] {
  const specOf = (name: string) => services.find((spec) => spec.name === name);
  const found = [
    { name: SIMULATOR, spec: specOf(ONEC_INTEGRATION), module: 'onec_simulator', secret: SIMULATOR_SECRET },
    { name: MODEL_SIMULATOR, spec: specOf(AI_ASSISTANT), module: 'model_simulator' },
  ];
  const runs = (name: string) => components.some((component) => component.name === name);
  return found.flatMap(({ spec, ...rest }) => (spec && runs(rest.name) ? [{ ...rest, spec }] : []));
}
