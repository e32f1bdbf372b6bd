/** kube-score, which this machine builds with Go. */
import { execa } from 'execa';
import { z } from 'zod';
import { KUBERNETES_VERSIONS } from '../../charts/config/versions.ts';
import { executable, type GoProgram, installWithGo } from './go.ts';
import type { Finding } from './judge.ts';
import type { Manifests } from './manifests.ts';

const KUBE_SCORE: GoProgram = {
  name: 'kube-score',
  path: 'github.com/zegl/kube-score/cmd/kube-score',
  version: 'v1.20.0',
};
/** Kinds that kube-score scores; it ignores all others. */
const SCORED = [
  'CronJob',
  'DaemonSet',
  'Deployment',
  'HorizontalPodAutoscaler',
  'Ingress',
  'Job',
  'NetworkPolicy',
  'PodDisruptionBudget',
  'Service',
  'StatefulSet',
];
/** Grade of a check without findings. */
const ALL_OK = 10;

/** Installs kube-score if necessary. Returns false when there is no Go. */
export const installKubeScore = (): Promise<boolean> => installWithGo(KUBE_SCORE);

const report = z.array(
  z.object({
    type_meta: z.object({ kind: z.string() }),
    object_meta: z.object({ name: z.string() }),
    checks: z.array(
      z.object({
        check: z.object({ id: z.string(), name: z.string() }),
        grade: z.int(),
        skipped: z.boolean(),
        comments: z
          .array(z.object({ path: z.string(), summary: z.string() }))
          .nullable()
          .transform((comments) => comments ?? []),
      }),
    ),
  }),
);

export async function runKubeScore(
  folder: string,
  { files }: Manifests,
): Promise<{ seen: number; findings: readonly Finding[] }> {
  const { stdout, stderr, exitCode } = await execa(
    executable(KUBE_SCORE),
    [
      'score',
      '--output-format=json',
      `--kubernetes-version=v${KUBERNETES_VERSIONS[0]}`,
      ...files.map((file) => `${folder}/${file}`),
    ],
    { reject: false },
  );
  // Status 1 means that there are findings.
  if (exitCode !== 0 && exitCode !== 1) throw new Error(`kube-score ended with ${exitCode}: ${stderr}`);
  const objects = report.parse(JSON.parse(stdout));
  return {
    seen: objects.length,
    findings: objects.flatMap(({ type_meta, object_meta, checks }) =>
      checks
        .filter(({ skipped, grade }) => !skipped && grade < ALL_OK)
        .flatMap(({ check, comments }) =>
          (comments.length > 0 ? comments : [{ path: '', summary: check.name }]).map(({ path, summary }) => ({
            check: check.id,
            object: `${type_meta.kind}/${object_meta.name}`,
            says: path === '' ? summary : `${path}: ${summary}`,
          })),
        ),
    ),
  };
}

export const expectedOfKubeScore = ({ kinds }: Manifests): number =>
  kinds.filter((kind) => SCORED.includes(kind)).length;
