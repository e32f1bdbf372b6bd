/** Fetches a text document of a service, of at most `maxBytes`. */
export async function fetchText(url: string, milliseconds: number, maxBytes: number): Promise<string> {
  const signal = AbortSignal.timeout(milliseconds);
  const response = await fetch(url, { redirect: 'error', signal, headers: { Accept: 'application/json' } });
  let [text, size] = ['', 0];
  const decoder = new TextDecoder();
  for await (const chunk of response.body ?? []) {
    size += chunk.byteLength;
    if (size > maxBytes) throw new Error(`the document is larger than ${maxBytes} bytes`);
    text += decoder.decode(chunk, { stream: true });
  }
  if (!response.ok) throw new Error(`status ${response.status}`);
  return text + decoder.decode();
}
