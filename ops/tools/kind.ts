/** A local cluster: kind, and the Docker containers that are its nodes. */
import { readFileSync } from 'node:fs';
import { clusterName, kindContext } from '../core/cluster.ts';
import { Failure, messageOf } from '../core/failure.ts';
import { type NodeImages, parseInspected } from '../core/images.ts';
import { ROOT } from '../core/paths.ts';
import { checkInterrupted } from './interrupt.ts';
import { run, stdoutOf } from './run.ts';

/** The default cluster. */
export const KIND_CONFIG = `${ROOT}/kind-config.yaml`;

const lines = (text: string): readonly string[] =>
  text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '');

/** An image the nodes lack, and why. */
export interface Unloaded {
  readonly reference: string;
  readonly reason: string;
}

/** A local kind cluster. */
export class KindCluster {
  constructor(readonly name: string) {}

  /** Name of the cluster's context for kubectl. */
  get context(): string {
    return kindContext(this.name);
  }

  async nodes(): Promise<readonly string[]> {
    return lines(await stdoutOf('kind', ['get', 'nodes', '--name', this.name]));
  }

  /** The given images that the node has. */
  async nodeImages(node: string, references: readonly string[]): Promise<NodeImages> {
    const found = await Promise.all(
      references.map(async (reference) => {
        const args = ['exec', node, 'crictl', 'inspecti', reference];
        const { stdout, exitCode } = await run('docker', args, { accept: [0, 1] });
        return exitCode === 0 ? [[reference, parseInspected(stdout)] as const] : [];
      }),
    );
    return new Map(found.flat());
  }

  /**
   * Loads local images into every node, one at a time: kind loads all images of a call or none. Docker's
   * containerd image store may lack layers of other platforms, for example, which kind treats as an error.
   *
   * @returns the images that could not be loaded.
   */
  async load(
    references: readonly string[],
    say: (text: string) => void = () => {},
  ): Promise<readonly Unloaded[]> {
    const unloaded: Unloaded[] = [];
    for (const reference of references) {
      say(reference);
      try {
        await run('kind', ['load', 'docker-image', '--name', this.name, reference]);
      } catch (error) {
        checkInterrupted();
        unloaded.push({ reference, reason: messageOf(error) });
      }
    }
    return unloaded;
  }
}

/** The cluster of a context, when it is a local kind cluster. */
export async function kindClusterOf(context: string): Promise<KindCluster | undefined> {
  const names = await kindClusters();
  const name = names.find((one) => kindContext(one) === context);
  return name === undefined ? undefined : new KindCluster(name);
}

/** Names of the kind clusters; empty without kind. */
async function kindClusters(): Promise<readonly string[]> {
  try {
    return lines(await stdoutOf('kind', ['get', 'clusters']));
  } catch (error) {
    if (/ENOENT/.test(messageOf(error))) return [];
    throw error;
  }
}

/** The kind cluster of a configuration file; it may not exist yet. */
export class LocalCluster extends KindCluster {
  /** @param file a kind configuration that names its cluster. @throws Failure when it cannot be read or names none. */
  constructor(private readonly file: string = KIND_CONFIG) {
    super(clusterName(readConfig(file), file));
  }

  async exists(): Promise<boolean> {
    return (await kindClusters()).includes(this.name);
  }

  /** @param nodeImage for sites with a mirror. @default kind's own */
  async create(nodeImage: string | undefined): Promise<void> {
    const image = nodeImage ? ['--image', nodeImage] : [];
    await run('kind', ['create', 'cluster', '--name', this.name, '--config', this.file, ...image]);
    await this.#hastenDns();
  }

  /**
   * After a restart every pod waits for cluster DNS. The kubelet asks it every second, in place of 10, whether it is
   * ready; and it calls the API server itself, because the Service of the API server is there only once kube-proxy
   * works, and each failed try makes the next one later.
   */
  async #hastenDns(): Promise<void> {
    const [server, ...others] = (await this.nodes()).filter((node) => /-control-plane\d*$/.test(node));
    const coredns = {
      name: 'coredns',
      readinessProbe: { periodSeconds: 1 },
      ...(server && others.length === 0
        ? {
            env: [
              { name: 'KUBERNETES_SERVICE_HOST', value: server },
              { name: 'KUBERNETES_SERVICE_PORT', value: '6443' },
            ],
          }
        : {}),
    };
    const patch = JSON.stringify({ spec: { template: { spec: { containers: [coredns] } } } });
    const deployment = ['--namespace', 'kube-system', 'deployment', 'coredns'];
    await run('kubectl', ['--context', this.context, 'patch', ...deployment, '--patch', patch]);
  }

  /** Starts nodes that stopped with the machine, and adds the cluster to the kubeconfig if necessary. */
  async revive(): Promise<void> {
    await run('docker', ['start', ...(await this.nodes())]);
    const contexts = lines(await stdoutOf('kubectl', ['config', 'get-contexts', '--output=name']));
    if (!contexts.includes(this.context)) await run('kind', ['export', 'kubeconfig', '--name', this.name]);
  }

  /** Stops the nodes. Their volumes stay. */
  async stop(): Promise<void> {
    await run('docker', ['stop', ...(await this.nodes())]);
  }

  /** Last start of each node. */
  async startedAt(): Promise<ReadonlyMap<string, string>> {
    const nodes = await this.nodes();
    const times = lines(await stdoutOf('docker', ['inspect', '--format={{.State.StartedAt}}', ...nodes]));
    return new Map(nodes.map((node, index) => [node, times[index] ?? '']));
  }

  async remove(): Promise<void> {
    await run('kind', ['delete', 'cluster', '--name', this.name]);
  }
}

function readConfig(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    throw new Failure(
      `--cluster-config: "${file}" cannot be read (${messageOf(error)})`,
      'expected a file such as kind-config.yaml',
    );
  }
}
