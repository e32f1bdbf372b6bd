/** JUnit reports: the one format that vitest, pytest and deno all write. */
import { existsSync, readFileSync } from 'node:fs';
import { DOMParser, type Element } from '@xmldom/xmldom';

export interface Test {
  readonly name: string;
  readonly seconds: number;
  readonly result: 'passed' | 'failed' | 'skipped';
}

const RESULTS = { failure: 'failed', error: 'failed', skipped: 'skipped' } as const;

/** @throws Error when the file is missing or is not XML. */
export function readJunit(file: string): readonly Test[] {
  if (!existsSync(file)) throw new Error('it wrote no report of its tests');
  const document = new DOMParser({
    onError: (_, message) => {
      throw new Error(`its report of tests cannot be read: ${message}`);
    },
  }).parseFromString(readFileSync(file, 'utf8'), 'text/xml');
  return [...document.getElementsByTagName('testcase')].map(toTest);
}

function toTest(element: Element): Test {
  const of = (attribute: string): string => element.getAttribute(attribute) ?? '';
  const result = Object.entries(RESULTS).find(([tag]) => element.getElementsByTagName(tag).length > 0)?.[1];
  return {
    name: `${of('classname')} ${of('name')}`.trim(),
    seconds: Number(of('time')),
    result: result ?? 'passed',
  };
}
