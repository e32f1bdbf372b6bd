import { formatCpu, formatMemory } from '../../charts/config/quantity.ts';
import { ANY_COMPONENT, selectComponents } from '../core/components.ts';
import { changed, type Suggestion, suggestions, type UsageRow, usageRows } from '../core/usage.ts';
import { measuredPods, podsAround } from '../steps/pods.ts';
import { pause } from '../tools/interrupt.ts';
import { type ClusterOptions, liveOf, seconds, verb, withCluster } from './options.ts';
import { json, line, table } from './print.ts';
import { showing } from './progress.ts';

interface Options extends ClusterOptions {
  readonly seconds: number;
  readonly json?: boolean;
}

/** The metrics server measures that often. */
const INTERVAL_SECONDS = 15;

export const optimize = withCluster(
  verb(
    'optimize',
    'compare requests of containers with their use, and suggest new ones; changes nothing',
    './platform optimize --seconds 600',
  )
    .argument('[service...]', `${ANY_COMPONENT} (default: all)`)
    .option('--seconds <seconds>', 'how long to look, a sample every 15 s', seconds, 60)
    .option('--json', 'print millicores and bytes as JSON'),
)
  .addHelpText(
    'after',
    '\nThe suggestions rest on the use seen during the measurement: run it under the expected load.',
  )
  .action(async (names: readonly string[], options: Options) => {
    const live = await liveOf(options);
    const components = selectComponents('optimize', live.topology, names);
    const rounds = Math.floor(options.seconds / INTERVAL_SECONDS) + 1;
    const look = async (say: (text: string) => void): Promise<readonly (readonly UsageRow[])[]> => {
      const samples: (readonly UsageRow[])[] = [];
      for (let round = 1; round <= rounds; round++) {
        const [pods, metrics] = await Promise.all([podsAround(live, components), measuredPods(live.kubectl)]);
        samples.push(usageRows(live.config, components, pods, metrics));
        say(`sample ${round} of ${rounds}`);
        if (round < rounds) await pause(INTERVAL_SECONDS * 1000);
      }
      return samples;
    };
    const found = suggestions(await showing(options, { title: `Look for ${options.seconds} s`, work: look }));
    if (options.json) return json(found);
    print(found, options.seconds);
  });

const cpu = (value: number): string => formatCpu(Math.round(value));

function print(found: readonly Suggestion[], lookedSeconds: number): void {
  line();
  table(
    [
      'component',
      'container',
      'CPU mean',
      'peak',
      'request',
      'better',
      'memory peak',
      'request',
      'better',
      '',
    ],
    found.map(({ component, container, mean, peak, request, suggested, tight }) => [
      component,
      container,
      cpu(mean.cpu),
      cpu(peak.cpu),
      cpu(request.cpu),
      suggested.cpu === request.cpu ? '' : cpu(suggested.cpu),
      formatMemory(peak.memory),
      formatMemory(request.memory),
      suggested.memory === request.memory ? '' : formatMemory(suggested.memory),
      tight.map((kind) => `${kind} near its limit`).join(', '),
    ]),
    2,
  );
  line(
    `\n${found.filter(changed).length} of ${found.length} requests are far from ${lookedSeconds} s of use. Requests are services.SERVICE.cpu and .memory times requestScale, databases.* and redis.*.`,
  );
}
