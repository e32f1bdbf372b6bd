import { useState } from 'preact/hooks';
import { answer, api } from '../../api/client.ts';
import type { Role, User } from '../../api/session.ts';
import { Choice, Field } from '../../components/field.tsx';
import { Loading } from '../../components/loading.tsx';
import { More } from '../../components/more.tsx';
import { Notice, ProblemNotice } from '../../components/notice.tsx';
import { usePages } from '../../components/pages.ts';
import { Table } from '../../components/table.tsx';
import { useAction } from '../../components/use_load.ts';
import { useI18n } from '../../i18n/i18n.ts';
import { useUser } from '../../session_context.ts';

const ROLES: readonly Role[] = ['user', 'analyst', 'admin'];

export function Users() {
  const { t, time } = useI18n();
  const self = useUser();
  const [email, setEmail] = useState('');
  const [changed, setChanged] = useState<User>();
  const users = usePages(
    (range) => answer(api.GET('/api/users', { params: { query: { ...range, email } } })),
    [email],
  );
  const change = useAction(async (user: User, role: Role) => {
    const params = { path: { user_id: user.id } };
    setChanged(await answer(api.PUT('/api/users/{user_id}/role', { params, body: { role } })));
    users.reload();
  });
  const columns = [t('admin.email'), t('admin.role'), t('admin.created'), t('admin.lastLogin')];
  return (
    <section class='panel'>
      <h2>{t('admin.users')}</h2>
      <Field
        label={t('admin.search')}
        input={{ type: 'search', maxLength: 254 }}
        value={email}
        onValue={setEmail}
      />
      {changed && (
        <Notice kind='success'>
          <p>{t('admin.roleChanged', { email: changed.email, role: t(`role.${changed.role}`) })}</p>
        </Notice>
      )}
      <ProblemNotice problem={change.problem} />
      <Loading of={users}>
        {({ items }) =>
          items.length === 0
            ? <p class='muted'>{t('admin.noUsers')}</p>
            : (
              <Table caption={t('admin.users')} columns={columns}>
                {items.map((user) => (
                  <tr key={user.id}>
                    <th scope='row'>{user.email}</th>
                    <td>
                      <Choice
                        label={t('admin.roleOf', { email: user.email })}
                        hidesLabel
                        value={user.role}
                        options={ROLES.map((role) => [role, t(`role.${role}`)])}
                        // Administrators cannot remove their own role by mistake.
                        disabled={change.busy || user.id === self.id}
                        onValue={(role) => change.run(user, role)}
                      />
                    </td>
                    <td>{time(user.created_at)}</td>
                    <td>{user.last_login_at ? time(user.last_login_at) : t('app.none')}</td>
                  </tr>
                ))}
              </Table>
            )}
      </Loading>
      <More of={users} />
    </section>
  );
}
