import { LiveSecrets } from '../src/live_secrets.ts';
import { readSecrets } from '../src/settings.ts';
import { assertEquals, KEY, testLogger } from './support.ts';

const OTHER = KEY.toUpperCase();

async function liveIn(files: Readonly<Record<string, string>>) {
  const directory = await Deno.makeTempDir();
  const write = (name: string, text: string) => Deno.writeTextFile(`${directory}/${name}`, text);
  for (const [name, text] of Object.entries(files)) await write(name, text);
  const read = () => readSecrets('HS256', (name) => name === 'SECRETS_DIR' ? directory : undefined);
  const log: Record<string, unknown>[] = [];
  let now = 1_000;
  const live = new LiveSecrets({ first: read(), read, logger: testLogger(log), now: () => now });
  return {
    live,
    log,
    look: () => {
      now += 1_000;
      live.look();
      return {
        keys: live.current.jwtKeys.map((key) => new TextDecoder().decode(key)),
        passwords: live.redisPasswords(),
        readAt: live.readAt,
      };
    },
    write,
    [Symbol.asyncDispose]: () => Deno.remove(directory, { recursive: true }),
  };
}

Deno.test('what the files have now is in force, and a password from before is still tried', async () => {
  await using parts = await liveIn({ JWT_SECRET_KEY: KEY, REDIS_PASSWORD: 'old' });
  assertEquals(parts.look(), { keys: [KEY], passwords: ['old'], readAt: 1 });
  await parts.write('JWT_SECRET_KEY', `${OTHER}\n${KEY}\n`);
  assertEquals(parts.look(), { keys: [OTHER, KEY], passwords: ['old'], readAt: 3 });
  await parts.write('REDIS_PASSWORD', 'new');
  assertEquals(parts.look(), { keys: [OTHER, KEY], passwords: ['new', 'old'], readAt: 4 });
  assertEquals(parts.look().readAt, 4);
});

Deno.test('what cannot be used is refused as a whole, and said once, without its value', async () => {
  await using parts = await liveIn({ JWT_SECRET_KEY: KEY, REDIS_PASSWORD: 'old' });
  await parts.write('JWT_SECRET_KEY', 'too short');
  await parts.write('REDIS_PASSWORD', 'new');
  parts.look();
  assertEquals(parts.look(), { keys: [KEY], passwords: ['old'], readAt: 1 });
  const warnings = parts.log.filter(({ message }) => message !== 'secrets were read again');
  assertEquals(warnings.map(({ message }) => message), ['changed secrets are refused']);
  assertEquals(JSON.stringify(parts.log).includes('too short'), false);
  await parts.write('JWT_SECRET_KEY', OTHER);
  assertEquals(parts.look().keys, [OTHER]);
});
