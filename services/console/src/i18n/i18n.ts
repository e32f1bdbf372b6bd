/** Texts, numbers and times in the language of the person. */
import { createContext } from 'preact';
import { useContext } from 'preact/hooks';
import { en } from './en.ts';
import { ru } from './ru.ts';

export type Key = keyof typeof en;
export type Dictionary = Readonly<Record<Key, string>>;
export const LANGUAGES = ['en', 'ru'] as const;
export type Language = (typeof LANGUAGES)[number];

const DICTIONARIES: Readonly<Record<Language, Dictionary>> = { en, ru };

export interface I18n {
  readonly language: Language;
  /** A text, with values in place of its `{names}`. */
  readonly t: (key: Key, values?: Readonly<Record<string, string | number>>) => string;
  readonly number: (value: number) => string;
  readonly time: (iso: string) => string;
  readonly day: (iso: string) => string;
}

/** @param locale the person's variant of the language, for the format of numbers and times. */
export function i18nOf(language: Language, locale: string = language): I18n {
  const numbers = new Intl.NumberFormat(locale, { maximumFractionDigits: 2 });
  const times = new Intl.DateTimeFormat(locale, { dateStyle: 'medium', timeStyle: 'short' });
  // A day has no time zone.
  const days = new Intl.DateTimeFormat(locale, { day: 'numeric', month: 'short', timeZone: 'UTC' });
  const shown = (value: string | number) => typeof value === 'number' ? numbers.format(value) : value;
  return {
    language,
    t: (key, values = {}) =>
      DICTIONARIES[language][key].replace(/\{(\w+)\}/g, (whole, name) => {
        const value = values[name];
        return value === undefined ? whole : shown(value);
      }),
    number: (value) => numbers.format(value),
    time: (iso) => times.format(new Date(iso)),
    day: (iso) => days.format(new Date(iso)),
  };
}

/** The first of these languages that the console has. */
export function preferred(languages: readonly string[]): Language {
  const known = languages.map((name) => name.slice(0, 2).toLowerCase());
  return LANGUAGES.find((language) => language === known.find((name) => name in DICTIONARIES)) ?? 'en';
}

export const I18nContext = createContext<I18n>(i18nOf('en'));
export const useI18n = (): I18n => useContext(I18nContext);
