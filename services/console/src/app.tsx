import { useEffect, useMemo, useState } from 'preact/hooks';
import { whenSessionEnds } from './api/client.ts';
import { resume, signOut, type User } from './api/session.ts';
import { Choice } from './components/field.tsx';
import { I18nContext, i18nOf, type Language, LANGUAGES, preferred, useI18n } from './i18n/i18n.ts';
import { goTo, hrefOf, useRoute } from './router.ts';
import { isAtLeast, SessionProvider } from './session_context.ts';
import { SignIn } from './views/sign-in/sign_in.tsx';
import { VIEWS } from './views/views.ts';

interface AppProps {
  /** Refresh token from a login with the identity provider. */
  readonly refreshToken: string | undefined;
}

export function App({ refreshToken }: AppProps) {
  const [language, setLanguage] = useState<Language>(() => preferred(navigator.languages));
  const i18n = useMemo(
    () => i18nOf(language, navigator.languages.find((each) => each.startsWith(language))),
    [language],
  );
  const [user, setUser] = useState<User>();
  const [ended, setEnded] = useState(false);

  useEffect(() => {
    whenSessionEnds(() => {
      setUser(undefined);
      setEnded(true);
    });
    if (refreshToken) resume(refreshToken).then(setUser, () => setEnded(true));
  }, []);
  useEffect(() => {
    document.documentElement.lang = language;
    document.title = i18n.t('app.title');
  }, [i18n]);

  const leave = () => {
    setEnded(false);
    // The page drops the session even when the platform does not answer.
    signOut().catch((error) => console.warn('signed out on this page only:', error.message)).finally(() =>
      setUser(undefined)
    );
  };
  return (
    <I18nContext.Provider value={i18n}>
      <a class='skip' href='#content' onClick={focusContent}>{i18n.t('app.skip')}</a>
      <Header user={user} language={language} onLanguage={setLanguage} onSignOut={leave} />
      {user
        ? (
          <SessionProvider value={user}>
            <View user={user} />
          </SessionProvider>
        )
        : <SignIn ended={ended} onUser={setUser} />}
    </I18nContext.Provider>
  );
}

/** Focuses the content without a link to its id, which would change the route in the address. */
function focusContent(event: Event): void {
  event.preventDefault();
  document.getElementById('content')?.focus();
}

const viewsFor = (user: User) => VIEWS.filter(({ role }) => isAtLeast(user, role));

function View({ user }: { readonly user: User }) {
  const { t } = useI18n();
  const [name, ...rest] = useRoute();
  const views = viewsFor(user);
  const view = views.find((view) => view.name === name) ?? views[0];
  useEffect(() => {
    if (view && view.name !== name) goTo([view.name], true);
  }, [view, name]);
  if (!view) return null;
  const { View: Shown } = view;
  return (
    <main id='content' tabIndex={-1} aria-label={t(view.title)} class={view.name}>
      <Shown route={rest} />
    </main>
  );
}

const LANGUAGE_NAMES: Readonly<Record<Language, string>> = { en: 'English', ru: 'Русский' };

interface HeaderProps {
  readonly user: User | undefined;
  readonly language: Language;
  readonly onLanguage: (language: Language) => void;
  readonly onSignOut: () => void;
}

function Header({ user, language, onLanguage, onSignOut }: HeaderProps) {
  const { t } = useI18n();
  const [name] = useRoute();
  return (
    <header>
      <p class='brand'>{t('app.title')}</p>
      {user && (
        <nav aria-label={t('app.sections')}>
          {viewsFor(user).map((view) => (
            <a
              key={view.name}
              href={hrefOf(view.name)}
              aria-current={view.name === name ? 'page' : undefined}
            >
              {t(view.title)}
            </a>
          ))}
        </nav>
      )}
      <div class='account'>
        {user && <span class='who' title={user.email}>{user.email}, {t(`role.${user.role}`)}</span>}
        <Choice
          label={t('app.language')}
          hidesLabel
          value={language}
          options={LANGUAGES.map((each) => [each, LANGUAGE_NAMES[each]])}
          onValue={onLanguage}
        />
        {user && <button type='button' onClick={onSignOut}>{t('app.signOut')}</button>}
      </div>
    </header>
  );
}
