import { Argument, type Command } from 'commander';
import { topologyOf } from '../../charts/app.ts';
import { LOCAL } from '../../charts/config/environments.ts';
import { resolveConfig } from '../../charts/config/resolve.ts';
import { completionScript, SHELLS, type Shell } from '../core/completion.ts';
import { verb } from './options.ts';

/** @param loadVerbs all verbs, this one included. */
export const completion = (loadVerbs: () => Promise<readonly Command[]>): Command =>
  verb(
    'completion',
    'print completion of verbs, options and services for a shell',
    './platform completion bash > completion.bash && source completion.bash',
  )
    .addArgument(new Argument('<shell>', 'the shell it is for').choices(SHELLS))
    .addHelpText(
      'after',
      '\nFor good: bash reads ~/.local/share/bash-completion/completions/platform, fish ~/.config/fish/completions/platform.fish,\nzsh what .zshrc sources.',
    )
    .action(async (shell: Shell) => {
      const commands = await loadVerbs();
      const { services, components } = topologyOf(resolveConfig(LOCAL));
      const running = components.filter(({ presence }) => presence === 'always');
      const names = {
        services: services.map(({ name }) => name),
        components: running.map(({ name }) => name),
      };
      process.stdout.write(completionScript(shell, commands, names));
    });
