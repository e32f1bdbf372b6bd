import { reachability } from '../../charts/graph/reach.ts';
import { matrixOf } from '../core/matrix.ts';
import { type EnvironmentOptions, setupOf, verb, withEnvironment } from './options.ts';
import { json, line, table } from './print.ts';

interface Options extends EnvironmentOptions {
  readonly json?: boolean;
}

export const network = withEnvironment(
  verb('network', 'print who may reach whom on which port', './platform network --json').option(
    '--json',
    'print every pair as JSON',
  ),
).action(async (options: Options) => {
  const pairs = reachability((await setupOf(options)).topology);
  if (options.json)
    return json(
      pairs.map(({ from, to, port, number, allowed }) => ({
        from: from.name,
        to: to.name,
        port,
        number,
        allowed,
      })),
    );
  const { names, cells, allowed, refused } = matrixOf(pairs);
  table(
    ['', 'from \\ to', ...names.map((_, index) => index + 1)].map(String),
    names.map((name, row) => [
      row + 1,
      name,
      ...names.map((_, column) => (row === column ? '' : cells[row]?.[column]?.join(',') || '·')),
    ]),
  );
  line(
    `\n${allowed} pairs of component and port may connect, ${refused} are refused. Columns are numbered as the rows.`,
  );
});
