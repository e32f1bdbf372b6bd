import { availableParallelism } from 'node:os';
import { defineConfig } from 'vitest/config';
import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** Files on a cluster run in the order of their names: one of them stops it and starts it again. */
class ByName extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files);
    return sorted.every(({ project }) => /^(e2e-|production$|api-server$)/.test(project.name))
      ? sorted.toSorted((a, b) => a.moduleId.localeCompare(b.moduleId))
      : sorted;
  }
}

const onCluster = { testTimeout: 300_000, hookTimeout: 300_000 };

/** Cheap first: the projects run in the order of the design; `e2e` needs a cluster and is asked for by name. */
export default defineConfig({
  test: {
    sequence: { sequencer: ByName },
    projects: [
      {
        test: {
          name: 'platform',
          include: ['test/**/*.test.ts'],
          exclude: [
            'test/gates/**',
            'test/release/**',
            'test/production/**',
            'test/clusters/**',
            'test/upgrade/**',
            'test/external/**',
            'test/e2e/**',
            'test/api-server/**',
            'test/elasticsearch/**',
            'test/console/**',
          ],
          testTimeout: 60_000,
          hookTimeout: 60_000,
        },
      },
      {
        test: {
          name: 'gates',
          include: ['test/gates/**/*.test.ts'],
          testTimeout: 300_000,
          hookTimeout: 300_000,
          maxConcurrency: availableParallelism(),
        },
      },
      {
        test: {
          name: 'api-server',
          include: ['test/api-server/**/*.test.ts'],
          // One API server: what one file applies, the other would see.
          maxWorkers: 1,
          testTimeout: 300_000,
          hookTimeout: 300_000,
        },
      },
      {
        test: {
          name: 'elasticsearch',
          include: ['test/elasticsearch/**/*.test.ts'],
          globalSetup: ['test/elasticsearch/prepare.ts'],
          // A server each.
          maxWorkers: 1,
          testTimeout: 300_000,
          hookTimeout: 300_000,
        },
      },
      // One platform and one browser for all of it.
      {
        test: {
          name: 'console',
          include: ['test/console/**/*.test.ts'],
          testTimeout: 300_000,
          hookTimeout: 600_000,
        },
      },
      // Folders of test/e2e in their order. `first` and `beside` run at the same time what touches different parts.
      ...['1-first', '2-alone', '3-beside', '4-last'].map((folder, index) => ({
        test: {
          ...onCluster,
          name: `e2e-${folder}`,
          include: [`test/e2e/${folder}/*.test.ts`],
          maxWorkers: index % 2 === 0 ? 3 : 1,
          sequence: { concurrent: false, groupOrder: index + 1 },
        },
      })),
      // Needs a cluster of another shape, or one that was given extras, and a quarter of an hour: in no other run.
      {
        test: {
          ...onCluster,
          name: 'release',
          include: ['test/release/**/*.test.ts'],
          maxWorkers: 1,
          sequence: { concurrent: false, groupOrder: 5 },
        },
      },
      // The environment production, from an empty cluster of two workers to nothing: files in the order of their names.
      {
        test: {
          ...onCluster,
          name: 'production',
          include: ['test/production/**/*.test.ts'],
          env: {
            PLATFORM_CONTEXT: 'kind-ai-assistants-production',
            PLATFORM_ENVIRONMENT: 'production',
            PLATFORM_VALUES: 'test/production/values.yaml',
          },
          maxWorkers: 1,
          sequence: { concurrent: false, groupOrder: 6 },
        },
      },
      // What other clusters demand, on one that has it.
      {
        test: {
          ...onCluster,
          name: 'clusters',
          include: ['test/clusters/**/*.test.ts'],
          env: {
            PLATFORM_CONTEXT: 'kind-ai-assistants-company',
            PLATFORM_ENVIRONMENT: 'test/clusters/preprod.yaml',
          },
          maxWorkers: 1,
          sequence: { concurrent: false, groupOrder: 7 },
        },
      },
      // From the release before, under load, and back.
      {
        test: {
          ...onCluster,
          name: 'upgrade',
          include: ['test/upgrade/**/*.test.ts'],
          env: {
            PLATFORM_CONTEXT: 'kind-ai-assistants-upgrade',
            PLATFORM_VALUES: 'test/upgrade/values.yaml',
          },
          maxWorkers: 1,
          sequence: { concurrent: false, groupOrder: 8 },
        },
      },
      // With databases and Redis that somebody else runs.
      {
        test: {
          ...onCluster,
          name: 'external',
          include: ['test/external/**/*.test.ts'],
          env: {
            PLATFORM_CONTEXT: 'kind-ai-assistants-external',
            PLATFORM_VALUES: 'test/external/values.yaml',
          },
          maxWorkers: 1,
          sequence: { concurrent: false, groupOrder: 9 },
        },
      },
    ],
  },
});
