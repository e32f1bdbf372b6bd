/** README and its Russian page: their text, and the shell commands a reader copies. */
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

/** Path of the Russian page from the root. */
export const RUSSIAN_PATH = 'docs/ru/README.md';
export const RUSSIAN = readFileSync(`${ROOT}/${RUSSIAN_PATH}`, 'utf8');
