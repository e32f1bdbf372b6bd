/** Progress of long work. */
import { Listr, ListrLogger, PRESET_TIMER } from 'listr2';

/** How every list of steps is shown. The command handles Ctrl-C itself. */
export const SHOWN = {
  rendererOptions: { timer: PRESET_TIMER, showErrorMessage: false },
  fallbackRendererOptions: {
    timer: PRESET_TIMER,
    /** Progress goes to standard output: standard error has only the line that says why a command failed. */
    get logger() {
      return new ListrLogger({ useIcons: true, toStderr: [] });
    },
  },
  registerSignalListeners: false,
};

export type Say = (text: string) => void;

export interface Shown<T> {
  /** The work; `done` replaces it at the end and may be longer. */
  readonly title: string;
  readonly work: (say: Say) => Promise<T>;
  /** The title at the end. @default title */
  readonly done?: (result: T) => string;
}

/** Does the work and shows its title, messages and duration; shows nothing when the command prints JSON. */
export async function showing<T>({ json: quiet }: { readonly json?: boolean }, shown: Shown<T>): Promise<T> {
  let result: { readonly value: T } | undefined;
  const tasks = [
    {
      title: shown.title,
      task: async (_: unknown, task: { title: string; output: string }) => {
        const value = await shown.work((text) => {
          task.output = text;
        });
        result = { value };
        if (shown.done) task.title = shown.done(value);
      },
    },
  ];
  await run(tasks, quiet);
  if (!result) throw new Error(`${shown.title}: ended without a result`);
  return result.value;
}

export interface ShownEach<T, R> {
  readonly title: (item: T) => string;
  readonly work: (item: T, say: Say) => Promise<R>;
  /** Items at the same time. @default 1 */
  readonly jobs?: number;
}

/** Does the work for every item as {@link showing} does, and returns the results in the order of the items. */
export async function showingEach<T, R>(
  { json: quiet }: { readonly json?: boolean },
  items: readonly T[],
  { title, work, jobs = 1 }: ShownEach<T, R>,
): Promise<readonly R[]> {
  const results: R[] = [];
  const tasks = items.map((item, index) => ({
    title: title(item),
    task: async (_: unknown, task: { output: string }) => {
      results[index] = await work(item, (text) => {
        task.output = text;
      });
    },
  }));
  await run(tasks, quiet, jobs);
  return results;
}

type Tasks = readonly {
  readonly title: string;
  readonly task: (context: unknown, task: { title: string; output: string }) => Promise<void>;
}[];

async function run(tasks: Tasks, quiet = false, concurrent: number | false = false): Promise<void> {
  const list = quiet
    ? new Listr([...tasks], { concurrent, renderer: 'silent', registerSignalListeners: false })
    : new Listr([...tasks], { concurrent, ...SHOWN });
  await list.run();
}
