/** The commands in documents: every `./platform …` and `kubectl …`, with its file and line. */

export interface Typed {
  /** `docs/edge.md:47`. */
  readonly where: string;
  readonly tool: './platform' | 'kubectl';
  /** The words after the tool. */
  readonly words: readonly string[];
  /** In a block of commands; otherwise in a sentence, where a verb may appear without its arguments. */
  readonly block: boolean;
}

/** A piece of code in a document. */
export interface Code {
  readonly text: string;
  readonly line: number;
  readonly block: boolean;
}

const WORD = /\s*((?:"(?:[^"\\]|\\.)*"|'[^']*'|[^\s"'|;&<>()])+)/y;
const STARTS = /(?<=^|[\s(])(\.\/platform|kubectl)(?= [^=])/g;

/** Blocks of code line by line, and code in sentences, which may span two lines. */
export function codeIn(document: string): readonly Code[] {
  // Joins continued lines with as many characters as the break had, so that positions stay right.
  const text = document.replaceAll(/\\\n/g, '  ');
  const lineAt = (index: number): number => document.slice(0, index).split('\n').length;
  const fences = [...text.matchAll(/^ *```\w*\n([\s\S]*?)^ *```$/gm)];
  const blocks = fences.flatMap(({ index, 0: whole, 1: content = '' }) => {
    let at = index + whole.indexOf('\n') + 1;
    return content.split('\n').map((line): Code => {
      const found = { text: line, line: lineAt(at), block: true };
      at += line.length + 1;
      return found;
    });
  });
  const rest = fences.reduce((left, [whole]) => left.replace(whole, whole.replaceAll(/[^\n]/g, ' ')), text);
  const sentences = [...rest.matchAll(/`([^`]+)`/g)].map(
    ({ index, 1: content = '' }): Code => ({
      text: content.replaceAll(/\s*\n\s*/g, ' '),
      line: lineAt(index),
      block: false,
    }),
  );
  return [...blocks, ...sentences];
}

/** The words of a command, up to its end, a pipe, a redirection or a comment. */
function wordsFrom(text: string): readonly string[] {
  const words: string[] = [];
  for (let at = 0; ; ) {
    WORD.lastIndex = at;
    const [, word] = WORD.exec(text) ?? [];
    if (word === undefined || word.startsWith('#')) return words;
    words.push(word.replaceAll(/"((?:[^"\\]|\\.)*)"|'([^']*)'/g, '$1$2'));
    at = WORD.lastIndex;
  }
}

export const typedIn = (document: string, content: string): readonly Typed[] =>
  codeIn(content).flatMap(({ text, line, block }) =>
    [...text.matchAll(STARTS)].map(({ index, 0: tool }) => ({
      where: `${document}:${line}`,
      tool: tool === 'kubectl' ? 'kubectl' : './platform',
      words: wordsFrom(text.slice(index + tool.length)),
      block,
    })),
  );

/** The value of an option, as `--name value`, `--name=value` or `-n value`. */
export function optionOf(words: readonly string[], ...names: readonly string[]): string | undefined {
  for (const [index, word] of words.entries()) {
    if (word === '--') return undefined;
    if (names.includes(word)) return words[index + 1];
    const name = names.find((one) => word.startsWith(`${one}=`));
    if (name) return word.slice(name.length + 1);
  }
  return undefined;
}
