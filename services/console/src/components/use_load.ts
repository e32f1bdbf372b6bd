import { useCallback, useEffect, useRef, useState } from 'preact/hooks';
import { asProblem, type Problem } from '../api/problem.ts';

export interface Loaded<Data> {
  /** Keeps the old data during a reload. */
  readonly data?: Data;
  readonly problem?: Problem;
  readonly loading: boolean;
  readonly reload: () => void;
}

/** Calls `load`, and again whenever one of `inputs` changes. Ignores an answer when a newer call has begun. */
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

/** An action of a person, with its state: busy or not, and the last problem. */
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
