import { en } from '../src/i18n/en.ts';
import { i18nOf, type Key, preferred } from '../src/i18n/i18n.ts';
import { ru } from '../src/i18n/ru.ts';
import { equal } from './check.ts';

const names = (text: string) => [...text.matchAll(/\{\w+\}/g)].map(([name]) => name).toSorted();

Deno.test('both languages have the same values in each text', () => {
  for (const key of Object.keys(en) as Key[]) equal([key, names(ru[key])], [key, names(en[key])]);
});

Deno.test('values take the place of their names, numbers as the language writes them', () => {
  equal(i18nOf('en').t('onec.rows', { read: 1200, stored: 7 }), 'Read: 1,200, stored: 7');
  equal(i18nOf('ru').t('onec.rows', { read: 1200, stored: 7 }), 'Прочитано: 1\u00a0200, записано: 7');
  equal(i18nOf('en').t('chat.delete', { title: '{id} $&' }), 'Delete the conversation “{id} $&”');
});

Deno.test('the first language of the browser that the console speaks', () => {
  equal(preferred(['de-DE', 'ru-RU', 'en']), 'ru');
  equal(preferred(['en-GB', 'ru']), 'en');
  equal(preferred(['fr']), 'en');
  equal(preferred([]), 'en');
});
