/** The page of examples: the programs of examples/, which the tests run, as text to copy. */

export interface Example {
  readonly file: string;
  readonly title: string;
  /** The command that runs the example. */
  readonly command: string;
}

export const EXAMPLES: readonly Example[] = [
  { file: 'assistants.sh', title: 'curl', command: 'bash assistants.sh' },
  { file: 'assistants.py', title: 'Python', command: 'python3 assistants.py' },
  { file: 'assistants.mjs', title: 'JavaScript', command: 'node assistants.mjs' },
];

const ESCAPES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };

export const escaped = (text: string): string =>
  text.replace(/[&<>"]/g, (character) => ESCAPES[character] ?? '');

export function section({ file, title, command }: Example, text: string): string {
  return `<section aria-labelledby="${file}">
<h2 id="${file}">${escaped(title)}</h2>
<p><code>${escaped(command)}</code> <button type="button" data-copy="text-${file}">Copy</button></p>
<pre tabindex="0"><code id="text-${file}">${escaped(text)}</code></pre>
</section>`;
}
