/** The release before this one: its sources in a folder of their own, its images, and a cluster that runs it. */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { execa } from 'execa';
import { CONTEXT, ROOT, VALUES } from '../e2e/support.ts';

const SETTINGS = ['--values', resolve(VALUES)];
const CLUSTER_CONFIG = join(ROOT, 'test/upgrade/kind.yaml');

/** Any key: the stand-in takes all. */
const PROVIDER_KEYS = { OPENAI_API_KEY: 'stand-in', ANTHROPIC_API_KEY: 'stand-in' };

const git = (...args: readonly string[]): string =>
  execFileSync('git', args, { cwd: ROOT, encoding: 'utf8', stdio: 'pipe' }).trim();

/** UPGRADE_FROM; without it the newest tag of another version, else the last commit of another version. */
export function previousCommit(): string {
  const { version } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));
  const tag = git('tag', '--merged', 'HEAD', '--sort=-version:refname')
    .split('\n')
    .find((name) => name !== '' && name !== `v${version}`);
  return git('rev-parse', process.env.UPGRADE_FROM ?? tag ?? `${commitOf(version)}^`);
}

/** The commit that gave package.json its version. */
function commitOf(version: string): string {
  const [commit] = git('log', '--format=%H', `-S"version": "${version}"`, '--', 'package.json').split('\n');
  if (!commit) throw new Error(`no commit made ${version} of package.json: set UPGRADE_FROM=COMMIT`);
  return commit;
}

export class Previous {
  readonly folder = mkdtempSync(join(tmpdir(), 'previous-release-'));
  readonly commit = previousCommit();

  /** Checks out, installs, builds, and brings it up on an empty cluster, as its own documentation says. */
  async start(): Promise<void> {
    git('worktree', 'add', '--detach', '--force', this.folder, this.commit);
    await this.#run('npm', ['ci', '--no-audit', '--no-fund']);
    await this.platform('build');
    const up = ['up', '--no-build', ...SETTINGS, '--cluster-config', CLUSTER_CONFIG];
    await this.#run(join(this.folder, 'platform'), up, PROVIDER_KEYS);
    await this.platform('deploy', 'dev', ...SETTINGS, '--context', CONTEXT, '--no-backup', '--yes');
  }

  /** Its own command. Throws when it fails. */
  platform(...args: readonly string[]) {
    return this.#run(join(this.folder, 'platform'), args);
  }

  get version(): string {
    return JSON.parse(readFileSync(join(this.folder, 'package.json'), 'utf8')).version;
  }

  remove(): void {
    if (existsSync(this.folder)) git('worktree', 'remove', '--force', this.folder);
  }

  async #run(command: string, args: readonly string[], env: Readonly<Record<string, string>> = {}) {
    const began = performance.now();
    const result = await execa(command, args, { cwd: this.folder, stdin: 'ignore', env });
    console.info(
      `${[command.replace(/.*\//, ''), ...args.slice(0, 2)].join(' ')}: ${Math.round((performance.now() - began) / 1000)} s`,
    );
    return result;
  }
}

/** The upgrade's own cluster; none that is in use. */
export const removeCluster = (): void => {
  execFileSync('kind', ['delete', 'cluster', '--name', CONTEXT.replace('kind-', '')], { stdio: 'pipe' });
};
