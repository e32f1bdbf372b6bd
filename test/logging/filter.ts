/** Runs the filter of Logstash as it is, under a Ruby of WebAssembly, on lines as Filebeat hands them over. */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { ConsoleStdout, File, OpenFile, PreopenDirectory, WASI } from '@bjorn3/browser_wasi_shim';
import { RubyVM } from '@ruby/wasm-wasi';
import { filterRules, NORMALIZE_SCRIPT } from '../../charts/logging/rules.ts';
import { root } from '../support/objects.ts';

export type Document = Readonly<Record<string, unknown>>;

/** An event of Filebeat. */
export interface Line {
  readonly message: string;
  readonly container: string;
  /** @default the container */
  readonly component?: string;
}

/** When Filebeat read the line. */
export const READ_AT = '2026-11-25T12:00:00.000Z';

function event({ message, container, component = container }: Line): object {
  return {
    '@timestamp': READ_AT,
    '@version': '1',
    message,
    stream: 'stdout',
    log: {
      offset: 7,
      file: { path: `/var/log/containers/${component}-0_assistants_${container}-${'0a'.repeat(32)}.log` },
    },
    kubernetes: {
      namespace: 'assistants',
      pod: { name: `${component}-0`, uid: '5d0ff9c1-18f6-4a2b-9b60-a2a0c7a31111', ip: '10.244.0.9' },
      container: { name: container },
      node: { name: 'node-1', hostname: 'node-1' },
      labels: { 'app_kubernetes_io/name': component, 'pod-template-hash': 'abc' },
    },
    tags: ['beats_input_raw_event'],
  };
}

export interface Filter {
  /** Documents of lines. */
  readonly lines: (lines: readonly Line[]) => readonly Document[];
  /** Documents of events of another shape. */
  readonly events: (events: readonly object[]) => readonly Document[];
  /** Of Ruby. */
  readonly version: string;
}

// Node's types leave this to those of browsers.
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
  const files = new Map([['rules.json', file(filterRules())]]);
  const output = () => ConsoleStdout.lineBuffered(console.error);
  // Not Node's own WASI: under it this Ruby ends the process with a segmentation fault now and then (Node.js 20).
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
  return { events, lines: (lines) => events(lines.map(event)), version: vm.eval('RUBY_VERSION').toString() };
}
