import { partsOf } from '../src/text/answer.ts';
import { type Kind, tokensOf } from '../src/text/highlight.ts';
import { equal } from './check.ts';

const MODULE = `#Область Отчеты
&НаСервере
Функция ПолучитьДанные(Знач Дата1 = '20260101') Экспорт // "не строка"
\tЗапрос = Новый Запрос("ВЫБРАТЬ ""х"" ИЗ
\t|\tСправочник.Организации ГДЕ А = &Дата");
\tЕсли Сумма1 > 12.5 И Не Ложь Тогда Возврат Null; КонецЕсли;
КонецФункции`;

const of = (code: string, kind: Kind) =>
  tokensOf(code).filter((token) => token.kind === kind).map(({ text }) => text);

Deno.test('parts of a module', () => {
  equal(of(MODULE, 'directive'), ['#Область Отчеты', '&НаСервере']);
  equal(of(MODULE, 'comment'), ['// "не строка"']);
  equal(of(MODULE, 'date'), [`'20260101'`]);
  equal(of(MODULE, 'number'), ['12.5']);
  equal(of(MODULE, 'string'), ['"ВЫБРАТЬ ""х"" ИЗ\n\t|\tСправочник.Организации ГДЕ А = &Дата"']);
  equal(of(MODULE, 'keyword'), [
    ...[
      'Функция',
      'Знач',
      'Экспорт',
      'Новый',
      'Если',
      'И',
      'Не',
      'Ложь',
      'Тогда',
      'Возврат',
      'Null',
      'КонецЕсли',
    ],
    'КонецФункции',
  ]);
});

Deno.test('what follows a dot is a name', () => equal(of('Запрос.Выполнить().Если', 'keyword'), []));

Deno.test('a query has keywords, and a parameter is no directive', () => {
  const query = 'ВЫБРАТЬ А.Ссылка КАК Ссылка\nИЗ Справочник.Склады КАК А\nГДЕ А.Код = &Код';
  equal(of(query, 'keyword'), ['ВЫБРАТЬ', 'КАК', 'ИЗ', 'КАК', 'ГДЕ']);
  equal(of(query, 'directive'), []);
});

Deno.test('whatever is coloured, joined it is the code again', () => {
  const pieces = [
    MODULE,
    '"',
    "'",
    '//',
    '\n',
    '|',
    '&',
    '#',
    '<script>',
    '""',
    '1.',
    'Если',
    '\u{1f600}',
    '\\',
  ];
  let seed = 20_260_301;
  const random = (most: number) => (seed = (seed * 48_271) % 2_147_483_647) % most;
  for (let round = 0; round < 500; round++) {
    const code = Array.from({ length: 1 + random(12) }, () => pieces[random(pieces.length)]).join('');
    equal(tokensOf(code).map(({ text }) => text).join(''), code);
  }
});

Deno.test('a long line without an end is coloured in no time', () => {
  const begin = performance.now();
  tokensOf(`"${'""\n|'.repeat(20_000)}`);
  tokensOf('&'.repeat(50_000));
  if (performance.now() - begin > 30_000) throw new Error('it took more than 30 s');
});

Deno.test('an answer is text and code, and a fence may still be open', () => {
  equal(partsOf('So:\n```bsl\nА = 1;\n```\nDone.\n'), [
    { kind: 'text', text: 'So:' },
    { kind: 'code', text: 'А = 1;' },
    { kind: 'text', text: 'Done.' },
  ]);
  equal(partsOf('```\nА = 1;'), [{ kind: 'code', text: 'А = 1;' }]);
  equal(partsOf(''), []);
});
