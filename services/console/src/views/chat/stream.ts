/** One turn of a conversation, as the answer arrives. */
import { api, type Schema } from '../../api/client.ts';
import { isRecord, problemOf } from '../../api/problem.ts';
import { eventsOf } from '../../api/sse.ts';

export type Summary = Omit<Schema<'ai-assistant.ChatAnswer'>, 'message'>;
type Question = Pick<Schema<'ai-assistant.ChatRequest'>, 'message' | 'conversation_id' | 'model'>;

/** Sends a message to a model; returns undefined when the stream ends without its last event. */
export async function say(
  question: Question,
  signal: AbortSignal,
  onText: (text: string) => void,
): Promise<Summary | undefined> {
  const { data, error, response } = await api.POST('/api/ai/chat', {
    body: { ...question, stream: true },
    parseAs: 'stream',
    signal,
  });
  if (!response.ok || !data) throw problemOf(response.status, error);
  for await (const { event, data: text } of eventsOf(data)) {
    const value: unknown = JSON.parse(text);
    if (event === 'delta' && isRecord(value)) onText(String(value.text));
    if (event === 'done') return value as Summary;
    if (event === 'error') throw problemOf(Number(isRecord(value) && value.status) || 500, value);
  }
  return undefined;
}
