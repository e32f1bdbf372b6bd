import { createInterface } from 'node:readline/promises';
import { CLUSTER } from '../core/cluster.ts';
import { Failure } from '../core/failure.ts';
import { checkTools } from '../tools/check.ts';
import { clusterExists, deleteCluster, nodes } from '../tools/kind.ts';
import { verb } from './options.ts';
import { line } from './print.ts';

interface Options {
  readonly yes?: boolean;
}

export const down = verb(
  'down',
  'delete the local kind cluster with everything in it',
  './platform down --yes',
)
  .option('-y, --yes', 'do not ask')
  .action(async ({ yes }: Options) => {
    await checkTools(['docker', 'kind']);
    if (!(await clusterExists())) return line(`No kind cluster ${CLUSTER}: nothing to delete.`);
    line(
      `This deletes the kind cluster ${CLUSTER} (${(await nodes()).join(', ')}) with all its volumes: databases, backups, secrets.`,
    );
    if (!yes) await confirm();
    await deleteCluster();
    line(`Deleted ${CLUSTER}.`);
  });

async function confirm(): Promise<void> {
  if (!process.stdin.isTTY)
    throw new Failure('down: not confirmed, and there is no terminal to ask on', 'add --yes');
  const prompt = createInterface({ input: process.stdin, output: process.stdout });
  const answer = await prompt.question('Delete it? [y/N] ');
  prompt.close();
  if (!/^y(es)?$/i.test(answer.trim())) throw new Failure('down: not confirmed', 'nothing was deleted');
}
