/** Lints the workflows of .github by actionlint, their shell by shellcheck; `--install` only installs it. */
import { execa } from 'execa';
import { executable, GO_IS_MISSING, type GoProgram, installWithGo } from './scanners/go.ts';

const ACTIONLINT: GoProgram = {
  name: 'actionlint',
  path: 'github.com/rhysd/actionlint/cmd/actionlint',
  version: 'v1.7.12',
};

if (!(await installWithGo(ACTIONLINT))) {
  console.error(`\n!!! actionlint WAS NOT RUN: ${GO_IS_MISSING}\n`);
  if (process.env.CI) process.exitCode = 1;
} else if (!process.argv.includes('--install')) {
  const { exitCode } = await execa(executable(ACTIONLINT), ['-shellcheck', '.venv/bin/shellcheck'], {
    stdio: 'inherit',
    reject: false,
  });
  process.exitCode = exitCode ?? 1;
}
