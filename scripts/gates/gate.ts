import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from '../../ops/core/paths.ts';

/** One check of the repository: a command that fails when something is wrong. */
export interface Gate {
  /** `TOOL` or `TOOL:PART`; `--only` takes all of it, the tool or the part. */
  readonly name: string;
  /** What it checks, for `--list`. */
  readonly checks: string;
  readonly tier: Tier;
  /** `{folder}` in it is a folder of this run and gate alone. */
  readonly command: readonly [string, ...string[]];
  /** Arguments that `npm test` adds, to leave out what is slow by nature. @default none */
  readonly quick?: readonly string[];
  /** @default the repository */
  readonly cwd?: string;
  /** Added to the environment of this process, asked for when the gate begins; `{folder}` as in the command. @default nothing */
  readonly env?: () => Readonly<Record<string, string>>;
  /** A command that runs before the first gate begins, once for all gates that name it. @default none */
  readonly prepare?: readonly [string, ...string[]];
  /** It runs tests and writes `JUNIT`, by which they are counted and timed. @default false */
  readonly tests?: boolean;
}

/** The report of a gate that runs tests. */
export const JUNIT = '{folder}/junit.xml';

/** Each with those before it: `test` is `npm test`, `check` is `npm run check`, `named` only runs when asked for. */
export const TIERS = ['test', 'check', 'named'] as const;
export type Tier = (typeof TIERS)[number];

/**
 * The gates with only these of their test files.
 * @param files paths relative to the repository; with none the gates stay as they are.
 * @throws Error for a file that is not there, and for a gate that does not take files.
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
 * The gates of a tier and of those before it, all or some.
 * @param names whole names, tools or parts; `named` wants at least one.
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
