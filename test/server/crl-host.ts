import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

export interface CrlHostRequest {
  readonly url: string;
  readonly conditional: boolean;
}

/** Where a CA puts its CRLs: a web server in another process, whose files the test sets. */
export class CrlHost {
  readonly port: number;
  readonly #child: ChildProcess;

  private constructor(child: ChildProcess, port: number) {
    this.#child = child;
    this.port = port;
  }

  /** @param port of an earlier one that has stopped, or any. */
  static async start(port = 0): Promise<CrlHost> {
    const entry = fileURLToPath(new URL('crl-host-entry.mjs', import.meta.url));
    const child = fork(entry, [String(port)], { execArgv: [] });
    const [listening] = (await once(child, 'message')) as [{ port: number }];
    return new CrlHost(child, listening.port);
  }

  url(path: string): string {
    return `http://127.0.0.1:${this.port}${path}`;
  }

  async publish(path: string, content: Uint8Array): Promise<void> {
    await this.#tell({ publish: { path, content: Buffer.from(content).toString('base64') } });
  }

  /** What lies there. */
  async content(path: string): Promise<Buffer> {
    const answer = await fetch(this.url(path), { headers: { 'x-quiet': '1' } });
    return Buffer.from(await answer.arrayBuffer());
  }

  async withdraw(path: string): Promise<void> {
    await this.#tell({ withdraw: path });
  }

  /** Answers nothing, or only the first halves of files, until it is told to go on, then all at once. */
  async hold(what: boolean | 'halves'): Promise<void> {
    await this.#tell({ hold: what === 'halves' ? what : what ? 'answers' : 'nothing' });
  }

  /** Every request so far, those that wait for their answer among them only once they have it. */
  async requests(): Promise<readonly CrlHostRequest[]> {
    return this.#tell({});
  }

  async stop(): Promise<void> {
    const exited = once(this.#child, 'exit');
    this.#child.kill('SIGKILL');
    await exited;
  }

  async #tell(message: object): Promise<readonly CrlHostRequest[]> {
    const answer = once(this.#child, 'message');
    this.#child.send(message);
    const [{ requests }] = (await answer) as [{ requests: CrlHostRequest[] }];
    return requests;
  }
}
