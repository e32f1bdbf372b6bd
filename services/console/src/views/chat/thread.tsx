import { useEffect, useRef, useState } from 'preact/hooks';
import { answer, api } from '../../api/client.ts';
import { asProblem, type Problem } from '../../api/problem.ts';
import { ProblemNotice } from '../../components/notice.tsx';
import type { Loaded } from '../../components/use_load.ts';
import { useI18n } from '../../i18n/i18n.ts';
import { Composer } from './composer.tsx';
import { type Message, MessageItem } from './message.tsx';
import { ModelChoice, type Models } from './models.tsx';
import { say, type Summary } from './stream.ts';

const PAGE = 100;

interface ThreadProps {
  readonly id: string | undefined;
  readonly models: Loaded<Models>;
  readonly onAnswered: (conversation: string | null) => void;
}

/** The messages of a conversation, and the composer for the next one. */
export function Thread({ id, models, onAnswered }: ThreadProps) {
  const { t } = useI18n();
  const [model, setModel] = useState('');
  const { messages, problem, busy, send, stop, earlier } = useThread(id, onAnswered);
  const end = useRef<HTMLDivElement>(null);
  useEffect(() => end.current?.scrollIntoView({ block: 'nearest' }), [messages]);
  return (
    <>
      <div class='log' role='log' aria-label={t('chat.log')} aria-busy={busy} tabIndex={0}>
        <h2 class='unseen'>{t('chat.log')}</h2>
        {earlier && <button type='button' onClick={earlier}>{t('chat.earlier')}</button>}
        {messages.length === 0 && <p class='muted'>{t('chat.empty')}</p>}
        {messages.map((message, index) => <MessageItem key={index} message={message} />)}
        {busy && <p class='small' role='status'>{t('chat.answering')}</p>}
        <div ref={end} />
      </div>
      <ProblemNotice problem={problem} />
      <Composer busy={busy} onSend={(text) => send(text, model)} onStop={stop}>
        <ModelChoice models={models} value={model} onValue={setModel} />
      </Composer>
    </>
  );
}

interface ThreadState {
  readonly messages: readonly Message[];
  readonly problem: Problem | undefined;
  readonly busy: boolean;
  readonly send: (text: string, model: string) => void;
  readonly stop: () => void;
  /** Shows earlier messages; undefined when all are shown. */
  readonly earlier: (() => void) | undefined;
}

function useThread(id: string | undefined, onAnswered: ThreadProps['onAnswered']): ThreadState {
  const [messages, setMessages] = useState<readonly Message[]>([]);
  const [offset, setOffset] = useState(0);
  const [problem, setProblem] = useState<Problem>();
  const running = useRef<AbortController>(undefined);
  const [busy, setBusy] = useState(false);

  const load = async (conversation: string, before?: number) => {
    const page = await readBefore(conversation, before);
    setOffset(page.offset);
    setMessages((known) => before === undefined ? page.items : [...page.items, ...known]);
  };
  const tryTo = (work: Promise<void>) => void work.catch((error) => setProblem(asProblem(error)));
  useEffect(() => {
    if (id) tryTo(load(id));
    return () => running.current?.abort();
  }, []);

  const changeLast = (change: (last: Message) => Message) =>
    setMessages((known) =>
      known.map((message, index) => index === known.length - 1 ? change(message) : message)
    );
  const finish = (summary: Summary | undefined) => {
    changeLast((last) =>
      summary ? { ...last, model: summary.model, summary } : { ...last, end: 'chat.cutOff' }
    );
    if (summary) onAnswered(summary.conversation_id);
  };
  const send = async (text: string, model: string) => {
    const controller = running.current = new AbortController();
    setProblem(undefined);
    setBusy(true);
    setMessages((known) => [...known, { role: 'user', content: text }, { role: 'assistant', content: '' }]);
    const question = { message: text, ...(id ? { conversation_id: id } : {}), ...(model ? { model } : {}) };
    try {
      finish(
        await say(
          question,
          controller.signal,
          (piece) => changeLast((last) => ({ ...last, content: last.content + piece })),
        ),
      );
    } catch (error) {
      if (controller.signal.aborted) changeLast((last) => ({ ...last, end: 'chat.stopped' }));
      else {
        setProblem(asProblem(error));
        changeLast((last) => ({ ...last, end: 'chat.cutOff' }));
      }
    } finally {
      setBusy(false);
    }
  };
  return {
    messages,
    problem,
    busy,
    send: (text, model) => void send(text, model),
    stop: () => running.current?.abort(),
    earlier: id && offset > 0 ? () => tryTo(load(id, offset)) : undefined,
  };
}

/** The last messages, or those before index `before`: the API counts from the oldest. */
async function readBefore(conversation: string, before?: number) {
  const read = (offset: number, limit: number) => {
    const params = { path: { conversation_id: conversation }, query: { offset, limit } };
    return answer(api.GET('/api/ai/conversations/{conversation_id}', { params }));
  };
  const end = before ?? (await read(0, 1)).total;
  const offset = Math.max(0, end - PAGE);
  return await read(offset, Math.max(1, end - offset));
}
