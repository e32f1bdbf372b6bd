import { namespaceOf } from '../../charts/constructs/names.ts';
import { checkSeedable, SEED_ENTITY_SETS, SEED_SECRET, SEED_USERS } from '../core/seed.ts';
import { seed as bringIn } from '../steps/seed.ts';
import { type ClusterOptions, liveOf, setupOf, verb, withCluster } from './options.ts';
import { json, line } from './print.ts';
import { showing } from './progress.ts';

interface Options extends ClusterOptions {
  readonly dryRun?: boolean;
  readonly json?: boolean;
}

export const seed = withCluster(
  verb('seed', 'create test data through the edge: users, companies from 1C, a chat', './platform seed')
    .option('--dry-run', 'only say what would be made')
    .option('--json', 'print what was made as JSON'),
)
  .addHelpText(
    'after',
    '\nWhat is there is kept: run it as often as you like. Not for an environment that is protected.',
  )
  .action(async (options: Options) => {
    const { config } = await setupOf(options);
    checkSeedable(config);
    if (options.dryRun) {
      for (const { email, role } of SEED_USERS) line(`would make ${email}, ${role}`);
      line(
        `would copy ${SEED_ENTITY_SETS.join(', ')} from 1C and ask one question where a model provider is set`,
      );
      return;
    }
    const live = await liveOf(options);
    const seeded = await showing(options, { title: 'Seed', work: (say) => bringIn(live, say) });
    if (options.json) return json(seeded);
    const { usersCreated, usersKept, companies, chat } = seeded;
    line(`\n${usersCreated} users made, ${usersKept} kept; ${companies} companies; chat ${chat}.`);
    line(`Users: ${SEED_USERS.map(({ email }) => email).join(', ')}. Their password:`);
    line(
      `  kubectl get secret ${SEED_SECRET} -n ${namespaceOf(config, 'app')} -o jsonpath='{.data.password}' | base64 -d`,
    );
  });
