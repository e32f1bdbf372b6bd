/** Builds the viewer and the page of examples into dist/, for the gateway to serve below /docs. */
import * as esbuild from 'esbuild';
import { EXAMPLES, section } from './src/examples.ts';

const DIST = 'dist';

await Deno.remove(DIST, { recursive: true }).catch((error) => {
  if (!(error instanceof Deno.errors.NotFound)) throw error;
});
const { metafile } = await esbuild.build({
  entryPoints: { viewer: 'src/viewer.ts', examples: 'src/copy.ts', pages: 'src/pages.css' },
  outdir: `${DIST}/assets`,
  entryNames: '[name]-[hash]',
  bundle: true,
  minify: true,
  format: 'esm',
  target: 'es2023',
  legalComments: 'none',
  metafile: true,
  logLevel: 'warning',
});
await esbuild.stop();

const built = Object.keys(metafile.outputs).map((file) => file.slice(DIST.length));

/** `{viewer.js}` becomes the name that the build gave the file. */
const withNames = (page: string): string =>
  page.replace(/\{(\w+)\.(js|css)\}/g, (_, name, extension) => {
    const found = built.find((file) => file.startsWith(`/assets/${name}-`) && file.endsWith(`.${extension}`));
    if (!found) throw new Error(`a page names ${name}.${extension}, which is not built`);
    return `/docs${found}`;
  });

const sections = await Promise.all(
  EXAMPLES.map(async (example) => section(example, await Deno.readTextFile(`examples/${example.file}`))),
);
const examples = (await Deno.readTextFile('src/examples.html')).replace(
  '{examples}',
  () => sections.join('\n'),
);
// Every copy of the viewer must include its licences.
const licences = ['LICENSE', 'NOTICE', 'swagger-ui-es-bundle.js.LICENSE.txt'];
const texts = licences.map((name) => Deno.readTextFile(`node_modules/swagger-ui-dist/${name}`));
await Deno.writeTextFile(`${DIST}/licences.txt`, (await Promise.all(texts)).join('\n'));
await Deno.mkdir(`${DIST}/examples`);
await Deno.writeTextFile(`${DIST}/index.html`, withNames(await Deno.readTextFile('src/index.html')));
await Deno.writeTextFile(`${DIST}/examples/index.html`, withNames(examples));
