import { componentOf } from '../../charts/graph/build.ts';
import { REDIS } from '../../charts/graph/model.ts';
import { redisCommand } from '../core/consoles.ts';
import { runningPodOf } from '../steps/pods.ts';
import { terminal } from '../tools/terminal.ts';
import { type ClusterOptions, liveOf, verb, withCluster } from './options.ts';

export const redis = withCluster(
  verb(
    'redis',
    "open redis-cli, or run one command; its exit status is redis-cli's",
    './platform redis -- --scan --pattern "limit:*"',
  ).argument('[command...]', 'a Redis command, or options of redis-cli after --'),
).action(async (command: readonly string[], options: ClusterOptions) => {
  const live = await liveOf(options);
  const component = componentOf(live.topology, REDIS);
  const pod = await runningPodOf(live, component);
  process.exitCode = await terminal(
    live.kubectl,
    pod,
    redisCommand(command),
    command.length > 0 ? '' : undefined,
  );
});
