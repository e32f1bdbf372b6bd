/** Asks the gateway of this container whether it runs: exit code 0 or 1. */
const port = Deno.env.get('PORT') || '3000';
const alive = await fetch(`http://127.0.0.1:${port}/live`, { signal: AbortSignal.timeout(9_000) })
  .then((response) => response.ok, () => false);
Deno.exit(alive ? 0 : 1);
