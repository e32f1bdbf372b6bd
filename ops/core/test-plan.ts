/** Which of the repository's tests run for what a person names. */
import type { ServiceSpec } from '../../charts/graph/model.ts';
import { Failure } from './failure.ts';

export interface TestRun {
  readonly title: string;
  /** Command and arguments, relative to the repository. */
  readonly command: readonly [string, ...string[]];
}

const PLATFORM: TestRun = {
  title: 'charts and operations',
  command: ['npm', 'run', '--silent', 'test:platform'],
};
const SERVICES: TestRun = { title: 'services', command: ['scripts/services-test'] };

/** @param name a service, `platform`, or nothing for everything. @throws Failure for an unknown name. */
export function testPlan(services: readonly ServiceSpec[], name: string | undefined): readonly TestRun[] {
  if (name === undefined) return [PLATFORM, SERVICES];
  if (name === 'platform') return [PLATFORM];
  const known = services.map((spec) => spec.name);
  if (!known.includes(name))
    throw new Failure(`test: "${name}" is not a service`, `expected platform, ${known.join(', ')}`);
  return [{ title: name, command: ['scripts/services-test', 'service', name] }];
}
