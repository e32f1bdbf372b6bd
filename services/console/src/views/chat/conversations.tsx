import { answer, api, done, type Schema } from '../../api/client.ts';
import { Loading } from '../../components/loading.tsx';
import { ProblemNotice } from '../../components/notice.tsx';
import { type Loaded, useAction } from '../../components/use_load.ts';
import { useI18n } from '../../i18n/i18n.ts';
import { goTo, hrefOf } from '../../router.ts';

export type Conversation = Schema<'ai-assistant.ConversationView'>;
export type Conversations = Schema<'ai-assistant.Page_ConversationView_'>;

export const PAGE = 50;

export const loadConversations = (limit: number): Promise<Conversations> =>
  answer(api.GET('/api/ai/conversations', { params: { query: { limit } } }));

interface ListProps {
  readonly conversations: Loaded<Conversations>;
  readonly open: string | undefined;
  readonly onNew: () => void;
  readonly onMore: () => void;
  readonly onDeleted: () => void;
}

/** The person's conversations. */
export function ConversationList({ conversations, open, onNew, onMore, onDeleted }: ListProps) {
  const { t } = useI18n();
  const removal = useAction(async ({ id, title }: Conversation) => {
    if (!confirm(t('chat.deleteQuestion', { title }))) return;
    const path = { conversation_id: id };
    await done(api.DELETE('/api/ai/conversations/{conversation_id}', { params: { path } }));
    if (id === open) goTo(['chat']);
    onDeleted();
  });
  return (
    <nav class='conversations' aria-label={t('chat.conversations')}>
      <a class='button' href={hrefOf('chat')} onClick={onNew}>{t('chat.new')}</a>
      <ProblemNotice problem={removal.problem} />
      <Loading of={conversations}>
        {({ items, total }) => (
          <>
            {items.length === 0 && <p class='muted'>{t('chat.none')}</p>}
            <ul>
              {items.map((item) => (
                <li key={item.id}>
                  <a href={hrefOf('chat', item.id)} aria-current={item.id === open ? 'page' : undefined}>
                    {item.title}
                  </a>
                  <button
                    type='button'
                    class='quiet'
                    disabled={removal.busy}
                    aria-label={t('chat.delete', { title: item.title })}
                    onClick={() => removal.run(item)}
                  >
                    ×
                  </button>
                </li>
              ))}
            </ul>
            {items.length < total && <button type='button' onClick={onMore}>{t('app.more')}</button>}
          </>
        )}
      </Loading>
    </nav>
  );
}
