import { useCallback, useEffect, useRef, useState } from 'preact/hooks';
import { asProblem, type Problem } from '../api/problem.ts';

export interface Loaded<Data> {
  /** Stays while it is loaded again. */
  readonly data?: Data;
  readonly problem?: Problem;
  readonly loading: boolean;
  readonly reload: () => void;
}

/** What `load` returns, again whenever one of `inputs` changes. An answer that is overtaken by a newer one is left. */
export function useLoad<Data>(load: () => Promise<Data>, inputs: readonly unknown[]): Loaded<Data> {
  const [state, setState] = useState<Omit<Loaded<Data>, 'reload'>>({ loading: true });
  const newest = useRef(0);
  const reload = useCallback(() => {
    const number = ++newest.current;
    const settle = (next: Omit<Loaded<Data>, 'reload'>) => {
      if (number === newest.current) setState(next);
    };
    setState((before) => ({ ...before, loading: true }));
    load().then(
      (data) => settle({ data, loading: false }),
      (error) => settle({ problem: asProblem(error), loading: false }),
    );
  }, inputs);
  useEffect(() => {
    reload();
    return () => {
      newest.current += 1;
    };
  }, [reload]);
  return { ...state, reload };
}

export interface Action<Arguments extends readonly unknown[]> {
  readonly run: (...args: Arguments) => Promise<void>;
  readonly busy: boolean;
  readonly problem?: Problem;
}

/** Something a person does: it is busy until it is done, and says what went wrong. */
export function useAction<Arguments extends readonly unknown[]>(
  action: (...args: Arguments) => Promise<void>,
): Action<Arguments> {
  const [state, setState] = useState<{ readonly busy: boolean; readonly problem?: Problem }>({ busy: false });
  const run = async (...args: Arguments) => {
    setState({ busy: true });
    try {
      await action(...args);
      setState({ busy: false });
    } catch (error) {
      setState({ busy: false, problem: asProblem(error) });
    }
  };
  return { ...state, run };
}
