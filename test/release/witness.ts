/** What happened to pods while a load ran: the cluster's events, and the log of the edge's pods, which are gone when they ended. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { namespaceOf } from '../../charts/constructs/names.ts';
import { EDGE } from '../../charts/graph/model.ts';
import { CONTEXT, config } from '../e2e/support.ts';

const EVENT =
  'custom-columns=KIND:.involvedObject.kind,NAME:.involvedObject.name,REASON:.reason,MESSAGE:.message';

export class Witness {
  readonly #lines: string[] = [];
  readonly #programs: readonly ChildProcess[];

  constructor() {
    const pods = ['--selector', `app.kubernetes.io/name=${EDGE}`, '--namespace', namespaceOf(config, 'edge')];
    this.#programs = [
      this.#follow('get', 'events', '--all-namespaces', '--watch-only', '--no-headers', '--output', EVENT),
      this.#follow('logs', '--follow', '--prefix', '--tail=0', '--max-log-requests=20', ...pods),
    ];
  }

  #follow(...args: readonly string[]): ChildProcess {
    const program = spawn('kubectl', ['--context', CONTEXT, ...args], {
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    program.stdout.setEncoding('utf8').on('data', (text: string) => {
      // The access log is too much to read, and to write down while the load runs.
      for (const line of text.split('\n').filter((one) => one !== '' && !one.includes('"ClientAddr"')))
        this.#lines.push(`${new Date().toISOString()} ${line.slice(0, 300)}`);
    });
    return program;
  }

  /** Ends, and returns the lines with the time at which each was seen. */
  async stop(): Promise<readonly string[]> {
    for (const program of this.#programs) {
      if (program.exitCode !== null || program.signalCode !== null) continue;
      program.kill();
      await once(program, 'exit');
    }
    return this.#lines;
  }
}
