import { Argument, type Command, type Option } from 'commander';
import { topologyOf } from '../../charts/app.ts';
import { ENVIRONMENTS, LOCAL } from '../../charts/config/environments.ts';
import { resolveConfig } from '../../charts/config/resolve.ts';
import { ANY_COMPONENT } from '../core/components.ts';
import { verb } from './options.ts';

export const SHELLS = ['bash', 'zsh', 'fish'] as const;
export type Shell = (typeof SHELLS)[number];

/** Names that an argument may be. */
export interface Names {
  readonly services: readonly string[];
  /** Services, stores, edge and the rest. */
  readonly components: readonly string[];
}

/** What may follow a verb. */
interface Completions {
  readonly verb: string;
  readonly description: string;
  readonly options: readonly { readonly flag: string; readonly description: string }[];
  readonly words: readonly string[];
}

function words(argument: Argument, { services, components }: Names): readonly string[] {
  if (argument.argChoices) return argument.argChoices;
  if (argument.description.startsWith(ANY_COMPONENT)) return components;
  if (argument.name() === 'service=N...' || argument.name() === 'service=N')
    return services.map((name) => `${name}=`);
  return argument.name().startsWith('service') ? services : [];
}

const flagsOf = ({ long, short, description }: Option): Completions['options'] => {
  const flag = long ?? short;
  return flag ? [{ flag, description }] : [];
};

/** Options of a verb; of a group, also those of its verbs. */
function optionsOf(command: Command): Completions['options'] {
  const all = [command, ...command.commands].flatMap(({ options }) => options.flatMap(flagsOf));
  const once = new Map(all.map((option) => [option.flag, option]));
  return [...once.values(), { flag: '--help', description: 'show help' }];
}

const completionsOf = (commands: readonly Command[], names: Names): readonly Completions[] =>
  commands.map((command) => ({
    verb: command.name(),
    description: command.description(),
    options: optionsOf(command),
    words: [
      ...command.commands.map((inner) => inner.name()),
      ...command.registeredArguments.flatMap((argument) => words(argument, names)),
    ],
  }));

/** Values of options that many verbs have. Every other option completes files. */
const VALUES: Readonly<Record<string, string>> = {
  '--env': ENVIRONMENTS.join(' '),
  '--environment': ENVIRONMENTS.join(' '),
  '--context': '$(kubectl config get-contexts --output=name 2>/dev/null)',
};
const FILES = ['--values', '--topology', '--cluster-config', '--bundles', '--out'] as const;

/** The completion script for a shell. */
export function completionScript(shell: Shell, commands: readonly Command[], names: Names): string {
  const all = completionsOf(commands, names);
  switch (shell) {
    case 'bash':
      return bash(all);
    case 'zsh':
      return `autoload -U +X bashcompinit && bashcompinit\n${bash(all)}`;
    case 'fish':
      return fish(all);
  }
}

const bash = (all: readonly Completions[]): string => `# ./platform completion: source this file
_platform() {
  local cur=\${COMP_WORDS[COMP_CWORD]} previous=\${COMP_WORDS[COMP_CWORD-1]} words=
  case $previous in
${Object.entries(VALUES)
  .map(([flag, values]) => `    ${flag}) COMPREPLY=($(compgen -W "${values}" -- "$cur")); return ;;`)
  .join('\n')}
    ${FILES.join('|')}) COMPREPLY=($(compgen -f -- "$cur")); return ;;
  esac
  if [ "$COMP_CWORD" -eq 1 ]; then
    words='${[...all.map(({ verb }) => verb), '--help', '--version'].join(' ')}'
  else
    case \${COMP_WORDS[1]} in
${all
  .map(
    ({ verb, options, words: names }) =>
      `      ${verb}) words='${[...names, ...options.map(({ flag }) => flag)].join(' ')}' ;;`,
  )
  .join('\n')}
    esac
  fi
  COMPREPLY=($(compgen -W "$words" -- "$cur"))
}
complete -F _platform platform ./platform
`;

const quoted = (text: string): string => `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;

function fish(all: readonly Completions[]): string {
  const verbs = all.map(({ verb }) => verb).join(' ');
  const first = all.map(
    ({ verb, description }) =>
      `complete -c platform -n "not __fish_seen_subcommand_from ${verbs}" -a ${verb} -d ${quoted(description)}`,
  );
  const rest = all.flatMap(({ verb, options, words: names }) => {
    const seen = `complete -c platform -n "__fish_seen_subcommand_from ${verb}"`;
    return [
      ...(names.length > 0 ? [`${seen} -a ${quoted(names.join(' '))}`] : []),
      ...options.map(({ flag, description }) => {
        const known = flag in VALUES ? ` -x -a "${VALUES[flag]?.replace('$(', '(')}"` : '';
        return `${seen} -l ${flag.replace(/^--/, '')}${known} -d ${quoted(description)}`;
      }),
    ];
  });
  return `# ./platform completion: source this file\ncomplete -c platform -f\n${[...first, ...rest].join('\n')}\n`;
}

/** @param loadVerbs loads all verbs, this one included. */
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
