import { useState } from 'preact/hooks';
import { type Loaded, useLoad } from './use_load.ts';

interface Page<Item> {
  readonly items: readonly Item[];
  readonly total: number;
}

export interface Pages<Item> extends Loaded<Page<Item>> {
  /** Loads more; undefined when the list is complete. */
  readonly more: (() => void) | undefined;
}

/** The API's longest page. */
const MOST = 100;

/** A list that begins with `step` items and grows on demand, by whole pages of the API. */
export function usePages<Item>(
  load: (range: { readonly limit: number; readonly offset: number }) => Promise<Page<Item>>,
  inputs: readonly unknown[],
  step = 20,
): Pages<Item> {
  const [wanted, setWanted] = useState(step);
  const loaded = useLoad(() => loadAll(load, wanted), [...inputs, wanted]);
  const { items = [], total = 0 } = loaded.data ?? {};
  return { ...loaded, more: items.length < total ? () => setWanted(items.length + step) : undefined };
}

async function loadAll<Item>(
  load: Parameters<typeof usePages<Item>>[0],
  wanted: number,
): Promise<Page<Item>> {
  const items: Item[] = [];
  for (;;) {
    const page = await load({ limit: Math.min(MOST, wanted - items.length), offset: items.length });
    items.push(...page.items);
    if (page.items.length === 0 || items.length >= Math.min(wanted, page.total)) {
      return { items, total: page.total };
    }
  }
}
