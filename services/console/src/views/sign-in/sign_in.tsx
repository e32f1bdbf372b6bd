import { useState } from 'preact/hooks';
import { hasProvider, leaveForProvider, register, signIn, type User } from '../../api/session.ts';
import { Field, Form } from '../../components/field.tsx';
import { Notice, ProblemNotice } from '../../components/notice.tsx';
import { useAction, useLoad } from '../../components/use_load.ts';
import { useI18n } from '../../i18n/i18n.ts';

interface SignInProps {
  /** Whether the platform has ended an earlier session. */
  readonly ended: boolean;
  readonly onUser: (user: User) => void;
}

export function SignIn({ ended, onUser }: SignInProps) {
  const { t } = useI18n();
  const [email, setEmail] = useState('');
  const [password, setPassword] = useState('');
  const [isNew, setNew] = useState(false);
  const [registered, setRegistered] = useState(false);
  const submit = useAction(async () => {
    if (!isNew) return onUser(await signIn({ email, password }));
    await register({ email, password });
    setRegistered(true);
    setNew(false);
  });
  const provider = useAction(leaveForProvider);
  const { data: providerIsThere = false } = useLoad(hasProvider, []);
  const title = t(isNew ? 'sign.register' : 'sign.in');
  return (
    <main id='content' tabIndex={-1} class='sign-in'>
      <h1>{title}</h1>
      {ended && !registered && (
        <Notice kind='warning'>
          <p>{t('sign.ended')}</p>
        </Notice>
      )}
      {registered && (
        <Notice kind='success'>
          <p>{t('sign.registered')}</p>
        </Notice>
      )}
      <ProblemNotice problem={submit.problem ?? provider.problem} />
      <Form onSubmit={submit.run} label={title}>
        <Field
          label={t('sign.email')}
          input={{ type: 'email', name: 'email', autocomplete: 'username', required: true }}
          value={email}
          onValue={setEmail}
        />
        <Field
          label={t('sign.password')}
          input={{
            type: 'password',
            name: 'password',
            autocomplete: isNew ? 'new-password' : 'current-password',
            required: true,
            maxLength: 128,
            ...(isNew ? { minLength: 12 } : {}),
          }}
          {...(isNew ? { hint: t('sign.passwordHint') } : {})}
          value={password}
          onValue={setPassword}
        />
        <button type='submit' class='primary' disabled={submit.busy}>{title}</button>
      </Form>
      <button type='button' class='link' onClick={() => setNew(!isNew)}>
        {t(isNew ? 'sign.toSignIn' : 'sign.toRegister')}
      </button>
      {providerIsThere && (
        <button type='button' disabled={provider.busy} onClick={() => provider.run()}>
          {t('sign.provider')}
        </button>
      )}
      <p class='small'>{t('sign.memory')}</p>
    </main>
  );
}
