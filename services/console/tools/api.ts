/**
 * Types of the API, out of the description that a running gateway gives of itself and its services:
 *
 *     deno task api URL           writes src/api/schema.ts
 *     deno task api --check URL   fails when that is not what the gateway says
 */
import openapiTS, { astToString } from 'openapi-typescript';

const FILE = new URL('../src/api/schema.ts', import.meta.url);

const url = Deno.args.find((argument) => !argument.startsWith('--'));
if (!url) throw new Error('expected the URL of a gateway, such as http://127.0.0.1:3000');

const response = await fetch(new URL('/openapi.json', url));
if (!response.ok) throw new Error(`${response.url} answered ${response.status}`);
const described = await response.json();
const missing: readonly string[] = described['x-unavailable-services'];
if (missing.length > 0) throw new Error(`these services did not describe themselves: ${missing.join(', ')}`);
const text = `// Written by \`deno task api\`.\n${
  astToString(await openapiTS(described, { alphabetize: true }))
}`;

if (!Deno.args.includes('--check')) {
  await Deno.writeTextFile(FILE, text);
} else if (await Deno.readTextFile(FILE) !== text) {
  console.error('src/api/schema.ts is not what the gateway describes: run `deno task api URL`');
  Deno.exit(1);
}
