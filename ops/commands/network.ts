import { type Pair, reachability } from '../../charts/graph/reach.ts';
import { Failure } from '../core/failure.ts';
import { matrixOf } from '../core/matrix.ts';
import { probeSummary, type Tried, wrongPairs } from '../core/probe.ts';
import { probeNetwork } from '../steps/probe.ts';
import { type ClusterOptions, liveOf, setupOf, verb, withCluster } from './options.ts';
import { json, line, table } from './print.ts';
import { showing } from './progress.ts';

interface Options extends ClusterOptions {
  readonly probe?: boolean;
  readonly json?: boolean;
}

export const network = withCluster(
  verb('network', 'print who may reach whom on which port, and prove it', './platform network --probe')
    .option('--probe', 'try every pair in the cluster; exit status 1 when one is not as derived')
    .option('--json', 'print every pair as JSON'),
)
  .addHelpText(
    'after',
    '\n--probe adds an ephemeral container to one pod of each component. It ends within seconds and is listed until the pod goes.',
  )
  .action((options: Options) => (options.probe ? probe(options) : show(options)));

const plain = ({ from, to, port, number, allowed }: Pair) => ({
  from: from.name,
  to: to.name,
  port,
  number,
  allowed,
});

async function probe(options: Options): Promise<void> {
  const live = await liveOf(options);
  const tried: readonly Tried[] = await showing(options, {
    title: 'Try every pair',
    work: (say) => probeNetwork(live, say),
  });
  const wrong = wrongPairs(tried);
  if (options.json) json(tried.map((pair) => ({ ...plain(pair), open: pair.open })));
  else line(`\n${probeSummary(tried)}`);
  if (wrong.length > 0)
    throw new Failure(
      `network: ${wrong.length} pairs are not as derived`,
      'see the NetworkPolicies of both ends',
      wrong,
    );
}

async function show(options: Options): Promise<void> {
  const pairs = reachability((await setupOf(options)).topology);
  if (options.json) return json(pairs.map(plain));
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
}
