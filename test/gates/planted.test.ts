/** Every gate finds the fault that is planted for it, and the command that people and machines run fails with it. */
import { rmSync } from 'node:fs';
import { execa } from 'execa';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { toolOf } from '../../scripts/gates/gate.ts';
import { GATES } from '../../scripts/gates/gates.ts';
import { copyRepository, ENVIRONMENT, plant } from './copy.ts';
import { FAULTS, type Fault } from './faults.ts';

let repository = '';
beforeAll(async () => {
  repository = await copyRepository();
});
afterAll(() => rmSync(repository, { recursive: true, force: true }));

/** A gate that passes beside the one that must not. */
const NEIGHBOUR = 'ruff-format';

function commandFor({ gate, only = gate }: Fault): readonly string[] {
  if (GATES.some(({ name, tier }) => name === gate && tier === 'named'))
    return ['run', `test:${gate.split(':')[1]}`];
  return ['run', 'check', '--', '--only', only, NEIGHBOUR];
}

it('every gate has a fault, and every fault a gate', () => {
  const known = GATES.map((gate) => [gate.name, toolOf(gate)]);
  const missing = known.filter((names) => !FAULTS.some(({ gate }) => names.includes(gate)));
  const lost = FAULTS.filter(({ gate }) => !known.flat().includes(gate));
  expect({ missing, lost }).toEqual({ missing: [], lost: [] });
});

describe.concurrent('planted', () => {
  it.each(FAULTS)('$gate: $fault', async (fault) => {
    const copy = plant(repository, fault);
    try {
      const { exitCode, stdout, all } = await execa('npm', commandFor(fault), {
        cwd: copy,
        env: ENVIRONMENT,
        extendEnv: false,
        all: true,
        reject: false,
      });
      expect(exitCode, 'exit code').toBe(1);
      expect(all).toContain(fault.names);
      expect(stdout.trimEnd().split('\n').at(-1)).toMatch(/^\d+ passed, [1-9]\d* failed$/);
      console.log(`${fault.only ?? fault.gate}: ${fault.fault}: planted, found`);
    } finally {
      rmSync(copy, { recursive: true, force: true });
    }
  });
});
