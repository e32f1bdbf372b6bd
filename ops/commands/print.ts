/** What verbs write on standard output. */
import Table from 'cli-table3';

export const line = (text = ''): void => {
  process.stdout.write(`${text}\n`);
};

export const json = (value: unknown): void => line(JSON.stringify(value, null, 2));

/** A table without rules, in columns; plain text, so that it can be piped. */
export function table(
  head: readonly string[],
  rows: readonly (readonly (string | number)[])[],
  rightFrom = head.length,
): void {
  const chars = Object.fromEntries(
    [
      'top',
      'top-mid',
      'top-left',
      'top-right',
      'bottom',
      'bottom-mid',
      'bottom-left',
      'bottom-right',
      'left',
      'left-mid',
      'mid',
      'mid-mid',
      'right',
      'right-mid',
    ].map((part) => [part, '']),
  );
  const grid = new Table({
    chars: { ...chars, middle: '  ' },
    style: { 'padding-left': 0, 'padding-right': 0, head: [], border: [] },
    head: [...head],
    colAligns: head.map((_, index) => (index >= rightFrom ? 'right' : 'left')),
  });
  grid.push(...rows.map((row) => [...row]));
  line(
    grid
      .toString()
      .split('\n')
      .map((text) => text.trimEnd())
      .join('\n'),
  );
}
