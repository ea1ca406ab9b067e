import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Chain } from '../engine-parts/chain.js';
import { cpuOf, pin } from './cpu.js';
import type { ChainFiles } from './served.js';

/** ms that all of it may take, and that dirmngr may take to listen. */
const PATIENCE = 60_000;
const STARTUP = 10_000;
/** Characters of a certificate in one line; the protocol allows for a thousand octets. */
const PIECE = 300;

/**
 * µs of CPU for a leaf that dirmngr is asked about over its socket, as gpgsm asks: it looks the leaf up in a CRL, and
 * checks no signature of it. Undefined without `dirmngr`, or when it does not answer in time.
 */
export async function measureDirmngr(
  chain: Chain,
  files: ChainFiles,
  core: number,
  leaves: number,
): Promise<number | undefined> {
  if (spawnSync('dirmngr', ['--version']).status !== 0) return undefined;
  // Short, for the socket lies in it.
  const home = mkdtempSync(join(tmpdir(), 'dm-'));
  const options = ['--homedir', home, '--daemon', '--disable-ldap', '--disable-http'];
  const path = join(home, 'S.dirmngr');
  try {
    // It forks, and the parent ends once its child listens.
    if (spawnSync('dirmngr', options, { timeout: STARTUP, stdio: 'ignore' }).status !== 0)
      throw new Error('it did not start');
    return await ask(await Session.open(path, chain), chain, files, core, leaves);
  } catch (error) {
    process.stderr.write(`dirmngr: ${String(error)}\n`);
    return undefined;
  } finally {
    rmSync(home, { recursive: true, force: true });
  }
}

async function ask(
  session: Session,
  chain: Chain,
  files: ChainFiles,
  core: number,
  leaves: number,
): Promise<number> {
  const pid = Number(await session.command('GETINFO pid'));
  const stop = setTimeout(() => process.kill(pid, 'SIGKILL'), PATIENCE);
  pin([pid], core);
  try {
    for (const n of chain.crls.keys()) await session.command(`LOADCRL ${files.path(`${n}.crl.der`)}`);
    const check = async (): Promise<void> => {
      for (let n = 0; n < leaves; n++) {
        session.target = chain.leaves[n % chain.leaves.length]?.der ?? Buffer.alloc(0);
        await session.command('CHECKCRL');
      }
    };
    await check();
    const before = cpuOf([pid]);
    await check();
    return (cpuOf([pid]) - before) / leaves;
  } finally {
    clearTimeout(stop);
    process.kill(pid, 'SIGKILL');
    session.close();
  }
}

/** The Assuan protocol from a client's side: a command, what dirmngr wants to know for it, and how it ended. */
class Session {
  target: Buffer = Buffer.alloc(0);
  readonly #socket: Socket;
  readonly #chain: Chain;
  #pending = '';
  #data = '';
  #settle: { readonly resolve: (data: string) => void; readonly reject: (why: Error) => void } | undefined;

  static async open(path: string, chain: Chain): Promise<Session> {
    const socket = connect(path);
    const session = new Session(socket, chain);
    await session.#reply();
    return session;
  }

  private constructor(socket: Socket, chain: Chain) {
    this.#socket = socket;
    this.#chain = chain;
    socket.setEncoding('latin1');
    socket.on('error', (error) => this.#settle?.reject(error));
    socket.on('close', () => this.#settle?.reject(new Error('it did not answer')));
    socket.on('data', (chunk: string) => {
      this.#pending += chunk;
      const lines = this.#pending.split('\n');
      this.#pending = lines.pop() ?? '';
      for (const line of lines) this.#take(line);
    });
  }

  /** Resolves with the data that came for it. */
  command(text: string): Promise<string> {
    this.#data = '';
    this.#socket.write(`${text}\n`);
    return this.#reply();
  }

  close(): void {
    this.#settle = undefined;
    this.#socket.destroy();
  }

  #reply(): Promise<string> {
    return new Promise((resolve, reject) => {
      this.#settle = { resolve, reject };
    });
  }

  #take(line: string): void {
    if (line.startsWith('D ')) this.#data += line.slice(2);
    else if (line.startsWith('OK')) this.#settle?.resolve(this.#data);
    else if (line.startsWith('ERR')) this.#settle?.reject(new Error(line));
    else if (line.startsWith('INQUIRE ')) this.#socket.write(this.#answerTo(line));
  }

  #answerTo(question: string): Buffer {
    const { root, intermediate } = this.#chain;
    if (question.includes('ISTRUSTED')) return Buffer.from('D 1\nEND\n');
    if (question.includes('TARGETCERT')) return dataOf(this.target);
    return dataOf(question.includes('Root') ? root.der : intermediate.der);
  }
}

function dataOf(bytes: Buffer): Buffer {
  const lines: string[] = [];
  for (let start = 0; start < bytes.length; start += PIECE) {
    const piece = bytes.toString('latin1', start, start + PIECE);
    lines.push(`D ${piece.replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A')}\n`);
  }
  return Buffer.from(`${lines.join('')}END\n`, 'latin1');
}
