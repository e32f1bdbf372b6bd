/** The console's folder as in the image, made by the same program. */
import config from '../deno.json' with { type: 'json' };
import { assertEquals } from './support.ts';

const ROOT = new URL('..', import.meta.url).pathname;

export const SCRIPT = `console.log('${'a line that repeats itself; '.repeat(100)}');\n`;
export const FILES: Readonly<Record<string, string>> = {
  'console/index.html':
    '<!doctype html><title>Console</title><script src="/assets/main-ABCDEF12.js"></script>',
  'console/assets/main-ABCDEF12.js': SCRIPT,
  'console/assets/logo-12345678.svg': '<svg xmlns="http://www.w3.org/2000/svg"/>',
  'console/robots.txt': 'User-agent: *\nDisallow: /\n',
  'viewer/index.html': '<!doctype html><title>API</title>',
  'viewer/examples/index.html': '<!doctype html><title>Examples</title>',
  'viewer/assets/viewer-0A1B2C3D.css': 'body { color: black }',
};

export async function writeFiles(folder: string, files: Readonly<Record<string, string>>): Promise<void> {
  for (const [name, text] of Object.entries(files)) {
    const path = `${folder}/${name}`;
    await Deno.mkdir(path.slice(0, path.lastIndexOf('/')), { recursive: true });
    await Deno.writeTextFile(path, text);
  }
}

/** Packs folders as the image does. */
export async function pack(...args: readonly string[]): Promise<{ code: number; stderr: string }> {
  const [, ...task] = config.tasks.pack.split(' ');
  const command = new Deno.Command(Deno.execPath(), { args: [...task, ...args], cwd: ROOT });
  const { code, stderr } = await command.output();
  return { code, stderr: new TextDecoder().decode(stderr) };
}

/** A folder for CONSOLE_DIR; `close` removes it. */
export async function packedFolder(): Promise<{ directory: string; close: () => Promise<void> }> {
  const folder = await Deno.makeTempDir();
  await writeFiles(folder, FILES);
  const directory = `${folder}/packed`;
  assertEquals(await pack(directory, `${folder}/console`, `${folder}/viewer=/docs`), { code: 0, stderr: '' });
  return { directory, close: () => Deno.remove(folder, { recursive: true }) };
}
