/** Builds the console into dist/: one page, and assets whose names hold the hash of their contents. */
import * as esbuild from 'esbuild';

const DIST = 'dist';
const BUDGET_BYTES = 150_000;

await Deno.remove(DIST, { recursive: true }).catch((error) => {
  if (!(error instanceof Deno.errors.NotFound)) throw error;
});
const { metafile } = await esbuild.build({
  entryPoints: { console: 'src/main.tsx', styles: 'src/styles/console.css', icon: 'static/icon.svg' },
  outdir: `${DIST}/assets`,
  entryNames: '[name]-[hash]',
  loader: { '.svg': 'copy' },
  bundle: true,
  minify: true,
  format: 'esm',
  target: 'es2023',
  jsx: 'automatic',
  jsxImportSource: 'preact',
  legalComments: 'none',
  metafile: true,
  logLevel: 'warning',
});
await esbuild.stop();

const assets = Object.keys(metafile.outputs).map((file) => file.slice(DIST.length));
const page = (await Deno.readTextFile('static/index.html')).replace(
  /\{(\w+)\.(\w+)\}/g,
  (_, name, extension) => {
    const found = assets.find((asset) =>
      asset.startsWith(`/assets/${name}-`) && asset.endsWith(`.${extension}`)
    );
    if (!found) throw new Error(`static/index.html names ${name}.${extension}, which is not built`);
    return found;
  },
);
await Deno.writeTextFile(`${DIST}/index.html`, page);
await report(['/index.html', ...assets]);

/** Prints the size of a first visit, and fails when the build is too large. */
async function report(files: readonly string[]): Promise<void> {
  let total = 0;
  for (const file of files) {
    const bytes = await Deno.readFile(DIST + file);
    const compressed = await gzipped(bytes);
    total += compressed;
    console.log(`${String(bytes.length).padStart(8)} ${String(compressed).padStart(8)} gzip  ${file}`);
  }
  console.log(`${String(total).padStart(17)} gzip  in all, of at most ${BUDGET_BYTES}`);
  if (total > BUDGET_BYTES) {
    throw new Error(`a first visit loads ${total} bytes, expected at most ${BUDGET_BYTES}`);
  }
}

async function gzipped(bytes: Uint8Array<ArrayBuffer>): Promise<number> {
  const stream = new Blob([bytes]).stream().pipeThrough(new CompressionStream('gzip'));
  return (await new Response(stream).arrayBuffer()).byteLength;
}
