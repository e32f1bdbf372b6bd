/** Runs the filter of Logstash as it is, under a Ruby of WebAssembly, on lines as Filebeat hands them over. */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { ConsoleStdout, File, OpenFile, PreopenDirectory, WASI } from '@bjorn3/browser_wasi_shim';
import { RubyVM } from '@ruby/wasm-wasi';
import { topologyOf } from '../../charts/app.ts';
import { filterRules, NORMALIZE_SCRIPT } from '../../charts/logging/filter-rules.ts';
import { configOf, root } from '../support/objects.ts';

export type Document = Readonly<Record<string, unknown>>;

/** An event of Filebeat. */
export interface Line {
  readonly message: string;
  readonly container: string;
  /** @default the container, in a pod of a name no component has */
  readonly pod?: string;
}

/** When Filebeat read the line. */
export const READ_AT = '2026-11-25T12:00:00.000Z';
const UID = '5d0ff9c1-18f6-4a2b-9b60-a2a0c7a31111';

/** An event as Filebeat sends it: its own fields, the fields that Logstash adds, and the position of the line. */
const event = ({ message, container, pod = 'a-pod' }: Line): object => ({
  '@timestamp': READ_AT,
  '@version': '1',
  message,
  stream: 'stdout',
  log: { offset: 7, file: { path: `/var/log/pods/assistants_${pod}_${UID}/${container}/0.log` } },
  kubernetes: { node: { name: 'node-1' } },
  tags: ['beats_input_raw_event'],
});

export interface Filter {
  /** Documents of lines. */
  readonly lines: (lines: readonly Line[]) => readonly Document[];
  /** Documents of events of another shape. */
  readonly events: (events: readonly object[]) => readonly Document[];
  /** Runs Ruby beside the filter. */
  readonly ruby: (code: string) => string;
}

// Node's types do not declare this; those of browsers do.
declare global {
  namespace WebAssembly {
    function compile(bytes: Uint8Array): Promise<Module>;
  }
}

const file = (text: string): File => new File(new TextEncoder().encode(text));

/** A filter with the rules of the platform. Takes a second or two. */
export async function loadFilter(): Promise<Filter> {
  const require = createRequire(import.meta.url);
  const binary = readFileSync(require.resolve('@ruby/3.2-wasm-wasi/dist/ruby+stdlib.wasm'));
  const files = new Map([['rules.json', file(filterRules(topologyOf(configOf('production'))))]]);
  const output = () => ConsoleStdout.lineBuffered(console.error);
  // Node's own WASI sometimes ends the process with a segmentation fault under this Ruby (Node.js 20).
  const wasip1 = new WASI(
    [],
    [],
    [new OpenFile(file('')), output(), output(), new PreopenDirectory('/work', files)],
    { debug: false },
  );
  const { vm } = await RubyVM.instantiateModule({ module: await WebAssembly.compile(binary), wasip1 });
  vm.eval(readFileSync(root('test/logging/logstash_stub.rb'), 'utf8'));
  vm.eval(NORMALIZE_SCRIPT);
  vm.eval("register('rules' => '/work/rules.json')");
  const events = (all: readonly object[]): readonly Document[] => {
    files.set('events.json', file(JSON.stringify(all)));
    return JSON.parse(vm.eval("filter_file('/work/events.json')").toString());
  };
  return {
    events,
    lines: (lines) => events(lines.map(event)),
    ruby: (code) => vm.eval(code).toString(),
  };
}
