import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from '../../ops/core/paths.ts';

/** A check of the repository: a command that fails when it finds a fault. */
export interface Gate {
  /** `TOOL` or `TOOL:PART`; `--only` takes the whole name, the tool or the part. */
  readonly name: string;
  /** What the gate checks, for `--list`. */
  readonly checks: string;
  readonly tier: Tier;
  /** `{folder}` stands for a folder of this gate in this run. */
  readonly command: readonly [string, ...string[]];
  /** Arguments that `npm test` adds to leave out slow tests. @default none */
  readonly quick?: readonly string[];
  /** @default the repository */
  readonly cwd?: string;
  /** Added to the environment when the gate begins; `{folder}` as in the command. @default nothing */
  readonly env?: () => Readonly<Record<string, string>>;
  /** A command that runs before the first gate begins, once for all gates that name it. @default none */
  readonly prepare?: readonly [string, ...string[]];
  /** The command runs tests and writes `JUNIT`, which counts and times them. @default false */
  readonly tests?: boolean;
}

/** The report of a gate that runs tests. */
export const JUNIT = '{folder}/junit.xml';

/** Each includes those before: `test` is `npm test`, `check` is `npm run check`, `named` runs by name. */
export const TIERS = ['test', 'check', 'named'] as const;
export type Tier = (typeof TIERS)[number];

/**
 * Limits the gates to these test files.
 * @param files paths relative to the repository; without files the gates stay unchanged.
 * @throws Error for a missing file, and for a gate that takes no files.
 */
export function onlyFiles(gates: readonly Gate[], files: readonly string[]): readonly Gate[] {
  if (files.length === 0) return gates;
  const missing = files.filter((file) => !existsSync(join(ROOT, file)));
  if (missing.length > 0)
    throw new Error(`"${missing.join('", "')}" is not there, expected a test file or a folder`);
  const others = gates.filter((gate) => toolOf(gate) !== 'vitest').map(({ name }) => name);
  if (others.length > 0) throw new Error(`${others.join(', ')}: --files is for gates of vitest`);
  return gates.map((gate) => ({ ...gate, command: [...gate.command, ...files] }));
}

export const toolOf = ({ name }: Pick<Gate, 'name'>): string => name.split(':', 1)[0] ?? name;

/**
 * Selects gates of a tier and of those before it.
 * @param names whole names, tools or parts; `named` needs at least one.
 * @throws Error for a name that selects nothing.
 */
export function select(gates: readonly Gate[], tier: Tier, names: readonly string[]): readonly Gate[] {
  const included = gates
    .filter((gate) => TIERS.indexOf(gate.tier) <= TIERS.indexOf(tier))
    .map(
      ({ quick = [], ...gate }): Gate =>
        tier === 'test' ? { ...gate, command: [...gate.command, ...quick] } : gate,
    );
  const suits = (gate: Gate, name: string): boolean =>
    gate.name === name || gate.name.split(':').includes(name);
  const unknown = names.filter((name) => !included.some((gate) => suits(gate, name)));
  if (unknown.length > 0 || (tier === 'named' && names.length === 0)) {
    const known = [...new Set(included.flatMap(({ name }) => name.split(':')))].join(', ');
    const what = unknown.length > 0 ? `"${unknown.join('", "')}" is no gate` : 'no gate is named';
    throw new Error(`${what}, expected some of ${known}, or TOOL:PART (see --list)`);
  }
  return names.length === 0 ? included : included.filter((gate) => names.some((name) => suits(gate, name)));
}
