/** The pages below /docs: the example programs run, and the pages obey their Content Security Policy. */
import { escaped, EXAMPLES, section } from '../../api-docs/src/examples.ts';
import {
  assert,
  assertEquals,
  KEY,
  route,
  settingsFor,
  startGateway,
  startService,
  token,
} from './support.ts';

const DOCS = new URL('../../api-docs/', import.meta.url).pathname;
const EMAIL = 'user@example.com';
const ANSWER = 'Call Write(DocumentWriteMode.Posting) on the document object.';
const COMPANY = 'Ромашка ООО';
const RUNTIMES: Readonly<Record<string, string>> = { sh: 'bash', py: 'python3', mjs: 'node' };

/** Services with set answers that record their requests. */
function services() {
  const asked: unknown[] = [];
  const service = startService(async (request) => {
    const { pathname } = new URL(request.url);
    const body = await request.text();
    asked.push([request.method, pathname, request.headers.get('x-user-role')]);
    if (pathname === '/auth/login') {
      const { email } = JSON.parse(body);
      return Response.json({ access_token: email === EMAIL ? await token({ key: KEY }) : 'none' });
    }
    if (pathname === '/chat') {
      const { message } = JSON.parse(body);
      return Response.json({ message: message.length > 10 ? ANSWER : '' });
    }
    return Response.json({ items: [{ name: COMPANY }], total: 1 });
  });
  return { service, asked };
}

for (const { file } of EXAMPLES) {
  Deno.test(`${file} runs as it stands on the page`, async () => {
    const { service, asked } = services();
    const one = (prefix: string, changes = {}) =>
      route(service.url, { prefix, service: prefix.slice(5).replaceAll('/', '-'), ...changes });
    const routes = [
      one('/api/users/auth', { rewrite: '/auth', public: ['/login'] }),
      one('/api/ai'),
      one('/api/1c'),
    ];
    {
      await using gateway = await startGateway(settingsFor(routes));
      const command = new Deno.Command(RUNTIMES[file.slice(file.lastIndexOf('.') + 1)] ?? '', {
        args: [`${DOCS}examples/${file}`],
        env: { ASSISTANTS_URL: gateway.url, ASSISTANTS_EMAIL: EMAIL, ASSISTANTS_PASSWORD: 'secret' },
      });
      const { code, stdout, stderr } = await command.output();
      assertEquals([code, new TextDecoder().decode(stderr)], [0, '']);
      const text = new TextDecoder().decode(stdout);
      assert(text.includes(ANSWER) && text.includes(COMPANY), text);
    }
    assertEquals(asked, [
      ['POST', '/auth/login', null],
      ['POST', '/chat', 'analyst'],
      ['GET', '/companies', 'analyst'],
    ]);
    await service.close();
  });
}

Deno.test('an example is shown, not run', () => {
  const hostile = `<script>alert("1")</script> & '`;
  const shown = section({ file: 'a.sh', title: hostile, command: hostile }, hostile);
  assert(!shown.includes('<script'), shown);
  assertEquals(escaped(hostile), "&lt;script&gt;alert(&quot;1&quot;)&lt;/script&gt; &amp; '");
});

Deno.test('the pages have nothing that their policy would stop, and load nothing from elsewhere', async () => {
  const faults =
    /<script(?![^>]*\ssrc=)|<style|\sstyle=|\son\w+=|javascript:|(?:src|href)="(?:https?:)?\/\//i;
  for (
    const bad of ['<script>1</script>', '<p style="a">', '<a onclick="b">', '<img src="//cdn.example.com">']
  ) {
    assert(faults.test(bad), bad);
  }
  for (const page of ['index.html', 'examples.html']) {
    const text = await Deno.readTextFile(`${DOCS}src/${page}`);
    assert(text.includes('<script type="module" src="{'), page);
    assert(!faults.test(text), page);
  }
});
