/**
 * Generates types of the API from the OpenAPI description of a running gateway and its services:
 *
 *     deno task api URL           writes src/api/schema.ts
 *     deno task api --check URL   fails when that is not what the gateway says
 */
import openapiTS, { astToString } from 'openapi-typescript';

const ATTEMPTS = 15;
/** Longer than the gateway caches the failure of a service to answer. */
const PAUSE_MS = 11_000;
const FILE = new URL('../src/api/schema.ts', import.meta.url);

const url = Deno.args.find((argument) => !argument.startsWith('--'));
if (!url) throw new Error('expected the URL of a gateway, such as http://127.0.0.1:3000');

const text = `// Written by \`deno task api\`.\n${
  astToString(await openapiTS(await description(url), { alphabetize: true }))
}`;

if (!Deno.args.includes('--check')) {
  await Deno.writeTextFile(FILE, text);
} else if (await Deno.readTextFile(FILE) !== text) {
  console.error('src/api/schema.ts is not what the gateway describes: run `deno task api URL`');
  Deno.exit(1);
}

/** The complete description: a gateway omits services that do not answer in time, and retries them later. */
async function description(url: string) {
  for (let attempts = ATTEMPTS;; attempts--) {
    const response = await fetch(new URL('/openapi.json', url));
    if (!response.ok) throw new Error(`${response.url} answered ${response.status}`);
    const described = await response.json();
    const missing: readonly string[] = described['x-unavailable-services'];
    if (missing.length === 0) return described;
    if (attempts === 1) throw new Error(`these services did not describe themselves: ${missing.join(', ')}`);
    await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
  }
}
