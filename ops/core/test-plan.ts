/** The command that runs what a person names of the repository's tests. */
import type { ServiceSpec } from '../../charts/graph/model.ts';
import { Failure } from './failure.ts';

type Command = readonly [string, ...string[]];

const TESTS: Command = ['npm', '--silent', 'test'];

/** @param name a service, `platform`, or nothing for everything. @throws Failure for an unknown name. */
export function testCommand(services: readonly ServiceSpec[], name: string | undefined): Command {
  if (name === undefined) return TESTS;
  const known = ['platform', ...services.map((spec) => spec.name)];
  if (!known.includes(name))
    throw new Failure(`test: "${name}" is not a service`, `expected ${known.join(', ')}`);
  return [...TESTS, '--', '--only', name];
}
