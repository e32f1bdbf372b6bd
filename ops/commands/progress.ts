/** Progress of long work. */
import { Listr, PRESET_TIMER } from 'listr2';

export type Say = (text: string) => void;

export interface Shown<T> {
  /** What is done; what it becomes when it is done may be longer. */
  readonly title: string;
  readonly work: (say: Say) => Promise<T>;
  /** The title when it is done. @default title */
  readonly done?: (result: T) => string;
}

/** Does the work, showing its title, what it says and how long it takes; shows nothing where JSON is printed. */
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
  const list = quiet
    ? new Listr(tasks, { renderer: 'silent', registerSignalListeners: false })
    : new Listr(tasks, {
        rendererOptions: { timer: PRESET_TIMER, showErrorMessage: false },
        fallbackRendererOptions: { timer: PRESET_TIMER },
        registerSignalListeners: false,
      });
  await list.run();
  if (!result) throw new Error(`${shown.title}: ended without a result`);
  return result.value;
}
