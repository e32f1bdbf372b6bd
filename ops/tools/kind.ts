/** The local cluster: kind, and the Docker containers that are its nodes. */
import { CLUSTER, KIND_CONTEXT } from '../core/cluster.ts';
import { type NodeImages, parseInspected } from '../core/images.ts';
import { ROOT } from '../core/paths.ts';
import { run, stdoutOf } from './run.ts';

const lines = (text: string): readonly string[] =>
  text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '');

export const clusterExists = async (): Promise<boolean> =>
  lines(await stdoutOf('kind', ['get', 'clusters'])).includes(CLUSTER);

export const nodes = async (): Promise<readonly string[]> =>
  lines(await stdoutOf('kind', ['get', 'nodes', '--name', CLUSTER]));

/** @param nodeImage for sites that mirror it; kind's own otherwise. */
export async function createCluster(nodeImage: string | undefined): Promise<void> {
  const image = nodeImage ? ['--image', nodeImage] : [];
  await run('kind', [
    'create',
    'cluster',
    '--name',
    CLUSTER,
    '--config',
    `${ROOT}/kind-config.yaml`,
    ...image,
  ]);
}

/** Nodes that stopped with the machine are started, and a kubeconfig that does not know the cluster learns it. */
export async function reviveCluster(): Promise<void> {
  await run('docker', ['start', ...(await nodes())]);
  const contexts = lines(await stdoutOf('kubectl', ['config', 'get-contexts', '--output=name']));
  if (!contexts.includes(KIND_CONTEXT)) await run('kind', ['export', 'kubeconfig', '--name', CLUSTER]);
}

export const deleteCluster = async (): Promise<void> => {
  await run('kind', ['delete', 'cluster', '--name', CLUSTER]);
};

/** Those of the images that are in the node. */
export async function nodeImages(node: string, references: readonly string[]): Promise<NodeImages> {
  const found = await Promise.all(
    references.map(async (reference) => {
      const args = ['exec', node, 'crictl', 'inspecti', reference];
      const { stdout, exitCode } = await run('docker', args, { accept: [0, 1] });
      return exitCode === 0 ? [[reference, parseInspected(stdout)] as const] : [];
    }),
  );
  return new Map(found.flat());
}

export const loadImages = async (references: readonly string[]): Promise<void> => {
  await run('kind', ['load', 'docker-image', '--name', CLUSTER, ...references]);
};
