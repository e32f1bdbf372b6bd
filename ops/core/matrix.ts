/** Who may reach whom, as a table: one row and one column a component. */
import type { Pair } from '../../charts/graph/reach.ts';

export interface Matrix {
  /** Names of rows and, in the same order, of columns. */
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
