/**
 * Packs the output of the builds for the gateway: compresses every file with Brotli and keeps only the compressed file.
 *
 *     deno task pack OUT FOLDER[=PATH]...     such as: deno task pack console ../console/dist ../api-docs/dist=/docs
 */
import { brotliCompressSync, constants } from 'node:zlib';
import { PACKED } from './src/packed.ts';

function* filesOf(folder: string, below = ''): Generator<string> {
  for (const { name, isDirectory } of Deno.readDirSync(`${folder}${below}`)) {
    if (isDirectory) yield* filesOf(folder, `${below}/${name}`);
    else yield `${below}/${name}`;
  }
}

function pack(folder: string, path: string, out: string): void {
  for (const name of filesOf(folder)) {
    const target = `${out}${path}${name}${PACKED}`;
    const bytes = Deno.readFileSync(`${folder}${name}`);
    const packed = brotliCompressSync(bytes, {
      params: { [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length },
    });
    Deno.mkdirSync(target.slice(0, target.lastIndexOf('/')), { recursive: true });
    Deno.writeFileSync(target, packed);
    console.log(`${target} ${packed.length} of ${bytes.length}`);
  }
}

const [out, ...folders] = Deno.args;
if (!out || folders.length === 0) {
  console.error('usage: deno task pack OUT FOLDER[=PATH]...');
  Deno.exit(2);
}
for (const item of folders) {
  const [folder = '', path = ''] = item.split('=');
  pack(folder, path, out);
}
