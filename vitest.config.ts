import { availableParallelism } from 'node:os';
import { defineConfig } from 'vitest/config';
import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** Those on a cluster in the order of their names: one of them stops it and starts it again. */
class ByName extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files);
    return sorted.every(({ project }) => project.name === 'e2e')
      ? sorted.toSorted((a, b) => a.moduleId.localeCompare(b.moduleId))
      : sorted;
  }
}

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
            'test/e2e/**',
            'test/api-server/**',
            'test/elasticsearch/**',
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
          testTimeout: 300_000,
          hookTimeout: 300_000,
        },
      },
      {
        test: {
          name: 'elasticsearch',
          include: ['test/elasticsearch/**/*.test.ts'],
          hookTimeout: 600_000,
        },
      },
      {
        test: {
          name: 'e2e',
          include: ['test/e2e/**/*.test.ts'],
          testTimeout: 300_000,
          hookTimeout: 300_000,
          fileParallelism: false,
          sequence: { concurrent: false },
        },
      },
      // Needs a cluster of another shape, or one that was given extras, and a quarter of an hour: in no other run.
      {
        test: {
          name: 'release',
          include: ['test/release/**/*.test.ts'],
          testTimeout: 300_000,
          hookTimeout: 300_000,
          fileParallelism: false,
          sequence: { concurrent: false },
        },
      },
    ],
  },
});
