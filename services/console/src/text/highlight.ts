/** Splits 1C:Enterprise code, with its queries, into parts to colour. Joined, the parts give the code again. */

export type Kind = 'comment' | 'string' | 'date' | 'directive' | 'number' | 'keyword' | 'plain';

export interface Token {
  readonly kind: Kind;
  readonly text: string;
}

const WORDS =
  `if then elsif else endif for each in to while do enddo procedure endprocedure function endfunction var export
  return continue break goto and or not try except raise endtry new execute true false undefined null async await
  select from where as join left right inner full on group by order having union all distinct allowed top into
  case when end between like is in hierarchy totals index drop sum count min max avg desc asc
  если тогда иначеесли иначе конецесли для каждого из по пока цикл конеццикла процедура конецпроцедуры функция
  конецфункции перем экспорт возврат продолжить прервать перейти и или не попытка исключение вызватьисключение
  конецпопытки новый выполнить истина ложь неопределено асинх ждать знач
  выбрать где как соединение левое правое внутреннее полное сгруппировать упорядочить имеющие объединить все
  различные разрешенные первые поместить выбор когда конец между подобно есть в иерархии итоги индексировать
  уничтожить сумма количество минимум максимум среднее убыв возр`;
const KEYWORDS: ReadonlySet<string> = new Set(WORDS.split(/\s+/));

/** A string may continue on the next line after a `|`. A word after a dot is a name. */
const TOKEN = new RegExp(
  [
    String.raw`(?<comment>\/\/[^\n]*)`,
    String.raw`(?<string>"(?:[^"\n]|""|\n[ \t]*\|)*"?)`,
    String.raw`(?<date>'[^'\n]*')`,
    String.raw`(?<directive>(?<![^\n])[ \t]*(?:#|&(?=[\p{L}]+\s*$))[^\n]*)`,
    String.raw`(?<number>(?<![\p{L}\p{N}_])\d+(?:\.\d+)?)`,
    String.raw`(?<word>(?<![\p{L}\p{N}_.])[\p{L}_][\p{L}\p{N}_]*)`,
  ].join('|'),
  'gmu',
);

export function tokensOf(code: string): readonly Token[] {
  const tokens: Token[] = [];
  const add = (kind: Kind, text: string) => {
    const last = tokens.at(-1);
    if (last?.kind === kind) tokens.splice(-1, 1, { kind, text: last.text + text });
    else if (text !== '') tokens.push({ kind, text });
  };
  let end = 0;
  for (const { 0: text, index, groups = {} } of code.matchAll(TOKEN)) {
    add('plain', code.slice(end, index));
    add(kindOf(groups, text), text);
    end = index + text.length;
  }
  add('plain', code.slice(end));
  return tokens;
}

const COLOURED = ['comment', 'string', 'date', 'directive', 'number'] as const;

function kindOf(groups: Readonly<Record<string, string>>, text: string): Kind {
  const coloured = COLOURED.find((kind) => groups[kind] !== undefined);
  return coloured ?? (KEYWORDS.has(text.toLowerCase()) ? 'keyword' : 'plain');
}
