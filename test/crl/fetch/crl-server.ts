import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

export interface CrlServerOptions {
  /** Default 127.0.0.1. */
  readonly host?: string;
  /** Default: any free one. */
  readonly port?: number;
  /** What its good pages serve, DER. */
  readonly crl: Buffer;
  /** PEM, for https. */
  readonly tls?: { readonly key: string; readonly cert: string };
}

export interface SeenRequest {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  /** What TLS said; false when it named none. */
  readonly servername?: string | false;
}

/** A real server of CRLs, and of every fault, in another process; its pages stand in server-entry.mjs. */
export class CrlServer {
  readonly port: number;
  readonly #child: ChildProcess;

  private constructor(child: ChildProcess, port: number) {
    this.#child = child;
    this.port = port;
  }

  static async start({ host = '127.0.0.1', port = 0, crl, tls }: CrlServerOptions): Promise<CrlServer> {
    const entry = fileURLToPath(new URL('server-entry.mjs', import.meta.url));
    const argument = JSON.stringify({ host, port, crl: crl.toString('base64'), tls });
    const child = fork(entry, [argument], { execArgv: [] });
    const [listening] = (await once(child, 'message')) as [{ port: number }];
    return new CrlServer(child, listening.port);
  }

  url(path: string, host = '127.0.0.1'): string {
    return `http://${host}:${this.port}${path}`;
  }

  /** What it was asked since this was last called. */
  async requests(): Promise<readonly SeenRequest[]> {
    return this.#tell({});
  }

  /** From now on this file lies at a path, whatever did before. */
  async mend(path: string, file: string): Promise<void> {
    await this.#tell({ mend: { path, file } });
  }

  async stop(): Promise<void> {
    const exited = once(this.#child, 'exit');
    this.#child.kill('SIGKILL');
    await exited;
  }

  async #tell(message: object): Promise<readonly SeenRequest[]> {
    const answer = once(this.#child, 'message');
    this.#child.send(message);
    const [{ requests }] = (await answer) as [{ requests: SeenRequest[] }];
    return requests;
  }
}
