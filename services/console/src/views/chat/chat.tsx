import { useEffect, useState } from 'preact/hooks';
import { useLoad } from '../../components/use_load.ts';
import { useI18n } from '../../i18n/i18n.ts';
import { goTo } from '../../router.ts';
import type { ViewProps } from '../views.ts';
import { ConversationList, loadConversations, PAGE } from './conversations.tsx';
import { ModelNotice, useModels } from './models.tsx';
import { Thread } from './thread.tsx';

const isWide = () => matchMedia('(min-width: 50rem)').matches;

export function Chat({ route: [id] }: ViewProps) {
  const { t } = useI18n();
  const [limit, setLimit] = useState(PAGE);
  const conversations = useLoad(() => loadConversations(limit), [limit]);
  const models = useModels();
  // A new conversation gets its address after the first answer, and must keep the same thread.
  const [begun, setBegun] = useState<{ readonly id?: string; readonly key: number }>({ key: 0 });
  useEffect(() => {
    if (id !== begun.id) setBegun(({ key }) => ({ ...(id ? { id } : {}), key: key + 1 }));
  }, [id]);
  // The address stays the same when the conversation before it never got one of its own.
  const begin = () => setBegun(({ key }) => ({ key: key + 1 }));
  const onAnswered = (conversation: string | null) => {
    conversations.reload();
    if (!conversation || conversation === id) return;
    setBegun(({ key }) => ({ id: conversation, key }));
    goTo(['chat', conversation], true);
  };
  return (
    <>
      <h1 class='unseen'>{t('nav.chat')}</h1>
      <details class='aside' open={isWide()}>
        <summary>{t('chat.conversations')}</summary>
        <ConversationList
          conversations={conversations}
          open={id}
          onNew={begin}
          onMore={() => setLimit((before) => before + PAGE)}
          onDeleted={conversations.reload}
        />
      </details>
      <section class='thread' aria-label={t('nav.chat')}>
        <ModelNotice models={models} />
        <Thread key={begun.key} id={begun.id} models={models} onAnswered={onAnswered} />
      </section>
    </>
  );
}
