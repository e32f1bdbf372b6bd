/** README's blocks of shell commands, as somebody copies them. */
import { readFileSync } from 'node:fs';
import { ROOT } from '../../ops/core/paths.ts';

export interface Block {
  /** The line of the document it begins on. */
  readonly line: number;
  readonly commands: readonly string[];
}

export function blocksOf(markdown: string): readonly Block[] {
  return [...markdown.matchAll(/^```sh\n(.*?)^```$/gms)].map(({ index, 1: text = '' }) => ({
    line: markdown.slice(0, index).split('\n').length + 1,
    commands: text.trimEnd().split('\n'),
  }));
}

export const README = readFileSync(`${ROOT}/README.md`, 'utf8');
export const README_BLOCKS = blocksOf(README);
