/** Splits a model's answer into text and fenced code. */

export interface Part {
  readonly kind: 'text' | 'code';
  readonly text: string;
}

const FENCE = /^[ \t]*```/;

/** The parts of an answer. In an incomplete answer the last fence may be open; the text after it is code. */
export function partsOf(answer: string): readonly Part[] {
  const parts: Part[] = [];
  let lines: string[] = [];
  let kind: Part['kind'] = 'text';
  const finish = () => {
    const text = kind === 'code' ? lines.join('\n') : lines.join('\n').trim();
    if (text !== '') parts.push({ kind, text });
    lines = [];
  };
  for (const line of answer.split('\n')) {
    if (FENCE.test(line)) {
      finish();
      kind = kind === 'code' ? 'text' : 'code';
    } else lines.push(line);
  }
  finish();
  return parts;
}
