import { Option } from 'commander';
import { toMermaid, toText } from '../../charts/graph/diagram.ts';
import { type EnvironmentOptions, setupOf, verb, withEnvironment } from './options.ts';

interface Options extends EnvironmentOptions {
  readonly format: 'mermaid' | 'text';
}

export const architecture = withEnvironment(
  verb(
    'architecture',
    'draw the components and their calls',
    './platform architecture --format mermaid',
  ).addOption(
    new Option('--format <format>', 'mermaid for pages, text for terminals')
      .choices(['mermaid', 'text'])
      .default('text'),
  ),
).action(async (options: Options) => {
  const { topology } = await setupOf(options);
  process.stdout.write(options.format === 'mermaid' ? toMermaid(topology) : toText(topology));
});
