/** How many pods of a service are wanted, as a person says it. */

import { scaleOf } from '../../charts/config/scale.ts';
import type { Config } from '../../charts/config/schema.ts';
import { Failure } from './failure.ts';

export interface Wanted {
  readonly service: string;
  readonly replicas: number;
}

/** `security=2`. @throws Failure for anything else. */
export function parseWanted(text: string): Wanted {
  const [, service, count] = /^([^=]+)=(\d{1,2})$/.exec(text) ?? [];
  if (service === undefined || count === undefined)
    throw new Failure(
      `scale: "${text}" is not valid`,
      'expected SERVICE=N such as security=2, N from 0 to 99',
    );
  return { service, replicas: Number(count) };
}

/** @throws Failure when something else decides on the number. */
export function checkScalable(config: Config, { service }: Wanted, autoscaled: boolean): void {
  const range = scaleOf(config, service).autoscaler;
  if (range || autoscaled)
    throw new Failure(
      `scale: ${service} is autoscaled${range ? ` from ${range.min} to ${range.max}` : ''}`,
      `set services.${service}.minReplicas and maxReplicas, and apply`,
    );
}
