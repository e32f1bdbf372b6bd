/** Tests the derived matrix: the script for a pod's network, and the meaning of its output. */
import type { Pair } from '../../charts/graph/reach.ts';
import { Failure } from './failure.ts';

export interface Matrix {
  /** Names of the rows, and of the columns in the same order. */
  readonly names: readonly string[];
  /** Names of the ports the row may open at the column; nothing on the diagonal. */
  readonly cells: readonly (readonly string[])[][];
  readonly allowed: number;
  readonly refused: number;
}

export function matrixOf(pairs: readonly Pair[]): Matrix {
  const names = [...new Set(pairs.flatMap(({ from, to }) => [from.name, to.name]))];
  const open = (from: string, to: string): readonly string[] =>
    pairs
      .filter((pair) => pair.allowed && pair.from.name === from && pair.to.name === to)
      .map(({ port }) => port);
  const allowed = pairs.filter((pair) => pair.allowed).length;
  return {
    names,
    cells: names.map((from) => names.map((to) => open(from, to))),
    allowed,
    refused: pairs.length - allowed,
  };
}

/** Seconds after which a connection without an answer counts as refused. */
const PATIENCE_SECONDS = 3;

const targetOf = ({ to, port }: Pair): string => `${to.name}:${port}`;

/** A script that tries all pairs of one source at once and prints `open` or `closed` for each. */
export const probeScript = (pairs: readonly Pair[], addresses: ReadonlyMap<string, string>): string =>
  [
    ...pairs.map((pair) => {
      const socket = `/dev/tcp/${addresses.get(pair.to.name)}/${pair.number}`;
      const target = targetOf(pair);
      return `(timeout ${PATIENCE_SECONDS} bash -c '< ${socket}' 2>/dev/null && echo "open ${target}" || echo "closed ${target}") &`;
    }),
    'wait',
  ].join('\n');

/** A pair and its result. */
export interface Tried extends Pair {
  readonly open: boolean;
}

/** The pairs with their results. @throws Failure when one is missing: no answer does not mean refused. */
export function triedPairs(pairs: readonly Pair[], output: string): readonly Tried[] {
  const answers = new Map(
    output
      .trim()
      .split('\n')
      .map((line) => {
        const [answer = '', target = ''] = line.split(' ');
        return [target, answer];
      }),
  );
  return pairs.map((pair) => {
    const answer = answers.get(targetOf(pair));
    if (answer !== 'open' && answer !== 'closed')
      throw new Failure(`${pair.from.name} → ${targetOf(pair)}: was not tried`, 'run the command again');
    return { ...pair, open: answer === 'open' };
  });
}

/** Pairs that differ from the topology, such as `security → redis:redis is refused`. */
export const wrongPairs = (tried: readonly Tried[]): readonly string[] =>
  tried
    .filter(({ open, allowed }) => open !== allowed)
    .map((pair) => `${pair.from.name} → ${targetOf(pair)} is ${pair.open ? 'open' : 'refused'}`);

/** `19 components, 450 pairs: 66 open, 384 refused, 0 not as derived`. */
export function probeSummary(tried: readonly Tried[]): string {
  const open = tried.filter((one) => one.open).length;
  const sources = new Set(tried.map(({ from }) => from.name)).size;
  return `${sources} components, ${tried.length} pairs: ${open} open, ${tried.length - open} refused, ${wrongPairs(tried).length} not as derived`;
}
