/** Checks a cluster before a deployment. Reads only. */
import { z } from 'zod';
import { namespaceOf } from '../../charts/constructs/names.ts';
import { secretCatalog } from '../../charts/secrets/catalog.ts';
import {
  type Check,
  checkApis,
  checkBackupVolumes,
  checkDatabases,
  checkImages,
  checkNodes,
  checkQuotas,
  checkSecrets,
  checkVersion,
  claim,
  node,
  quota,
} from '../core/checks.ts';
import { type Authority, authorities, checkExternalStores } from '../core/external.ts';
import { imagesOf } from '../core/images.ts';
import { workload } from '../core/workloads.ts';
import { localImages } from '../tools/docker.ts';
import type { KindCluster } from '../tools/kind.ts';
import { existingSecrets } from './secrets.ts';
import type { Target } from './target.ts';

const CLUSTERS_API = 'postgresql.cnpg.io/v1';
const version = z.looseObject({ serverVersion: z.looseObject({ gitVersion: z.string() }) });

/** @param local the cluster, when it is a local kind cluster. */
export async function validate(target: Target, local: KindCluster | undefined): Promise<readonly Check[]> {
  const { kubectl, config, topology, services, wanted } = target;
  const everywhere = '--all-namespaces';
  const apis = (await kubectl.output(['api-versions'])).split('\n');
  const [server, workloads, secrets, quotas, claims, nodes, here, unknown] = await Promise.all([
    kubectl.output(['version', '--output=json']),
    // The API server knows no Clusters before their operator is installed.
    apis.includes(CLUSTERS_API) ? kubectl.workloads(workload, config) : [],
    existingSecrets(kubectl),
    kubectl.objects(quota, ['get', 'resourcequotas', everywhere]),
    kubectl.objects(claim, ['get', 'persistentvolumeclaims', everywhere]),
    kubectl.objects(node, ['get', 'nodes']),
    local ? imagesHere(local, imagesOf(wanted)) : undefined,
    missingAuthorities(target),
  ]);
  return [
    checkVersion(version.parse(JSON.parse(server)).serverVersion.gitVersion),
    checkNodes(nodes),
    checkApis(config, wanted, apis),
    checkSecrets(config, secretCatalog(config, topology), secrets),
    checkQuotas(wanted, quotas),
    checkImages(imagesOf(wanted), here),
    checkBackupVolumes(config, services, claims),
    ...checkDatabases(config, services, workloads),
    ...checkExternalStores(config, services, unknown),
  ];
}

const keyed = z.looseObject({ data: z.record(z.string(), z.unknown()).default({}) });

/** Authorities of external servers that are not in the cluster. */
async function missingAuthorities({ kubectl, config, services }: Target): Promise<readonly Authority[]> {
  const namespace = `--namespace=${namespaceOf(config, 'app')}`;
  const found = await Promise.all(
    authorities(config, services).map(async (one) => {
      const [object] = await kubectl.objects(keyed, [
        'get',
        one.kind,
        one.name,
        namespace,
        '--ignore-not-found',
      ]);
      return { one, there: object !== undefined && one.key in object.data };
    }),
  );
  return found.filter(({ there }) => !there).map(({ one }) => one);
}

/** Images in every node, or in the local Docker, which can load them into the nodes. */
async function imagesHere(local: KindCluster, references: readonly string[]): Promise<ReadonlySet<string>> {
  const [docker, ...nodes] = await Promise.all([
    localImages(references),
    ...(await local.nodes()).map((name) => local.nodeImages(name, references)),
  ]);
  return new Set(
    references.filter((reference) => docker.has(reference) || nodes.every((images) => images.has(reference))),
  );
}
