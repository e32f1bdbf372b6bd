/** Runs shellcheck on the shell in manifests: commands of containers and probes, scripts in ConfigMaps. */
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { loadAll } from 'js-yaml';
import { z } from 'zod';
import { COMMITTED } from '../charts/synth.ts';
import { ROOT } from '../ops/core/paths.ts';
import { attach } from '../ops/tools/run.ts';

const COMMAND = z.tuple([z.string().regex(/^(\/bin\/)?(ba)?sh$/), z.string()]).rest(z.string());
const MANIFEST = z.looseObject({
  kind: z.string(),
  metadata: z.looseObject({ name: z.string() }),
  data: z.record(z.string(), z.string()).optional(),
});

type Script = readonly [path: string, text: string];

/** `sh -euc SCRIPT` as an equivalent file. */
function scriptOf([shell, ...args]: readonly [string, ...string[]]): string | undefined {
  const last = args.findIndex((argument) => /^-[a-z]*c$/.test(argument));
  const script = args[last + 1];
  if (last < 0 || script === undefined) return undefined;
  const options = [...args.slice(0, last), args[last]?.slice(0, -1)].filter((option) => option !== '-');
  const set = options.length > 0 ? `set ${options.join(' ')}\n` : '';
  return `#!/bin/${shell.replace('/bin/', '')}\n${set}${script}\n`;
}

function* commandsIn(value: unknown, path: string): Generator<Script> {
  if (typeof value !== 'object' || value === null) return;
  const command = COMMAND.safeParse(value).data;
  const script = command && scriptOf(command);
  if (script !== undefined) yield [path, script];
  for (const [key, part] of Object.entries(value)) yield* commandsIn(part, `${path}/${key}`);
}

function* scriptsOf(document: unknown, environment: string): Generator<Script> {
  const manifest = MANIFEST.parse(document);
  const path = `${environment}/${manifest.kind}/${manifest.metadata.name}`;
  yield* commandsIn(document, path);
  for (const [name, text] of Object.entries(manifest.data ?? {}))
    if (name.endsWith('.sh')) yield [`${path}/${name}`, text];
}

const scripts = new Map<string, string>();
for (const environment of readdirSync(COMMITTED))
  for (const file of readdirSync(join(COMMITTED, environment)))
    for (const document of loadAll(readFileSync(join(COMMITTED, environment, file), 'utf8')))
      for (const [path, text] of scriptsOf(document, environment)) scripts.set(path, text);
if (scripts.size === 0) throw new Error('dist has no shell');

const folder = mkdtempSync(join(tmpdir(), 'rendered-shell-'));
try {
  for (const [path, text] of scripts) {
    mkdirSync(join(folder, dirname(path)), { recursive: true });
    writeFileSync(join(folder, path), text);
  }
  // SC1091: a script that a container's command sources is checked in its ConfigMap.
  const args = ['--rcfile', join(ROOT, '.shellcheckrc'), '--exclude', 'SC1091', ...scripts.keys()];
  process.exitCode = await attach(join(ROOT, '.venv/bin/shellcheck'), args, { cwd: folder });
  console.log(`${scripts.size} scripts in dist`);
} finally {
  rmSync(folder, { recursive: true });
}
