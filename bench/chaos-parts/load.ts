import { setTimeout as delay } from 'node:timers/promises';
import { Client, PkixdError, type Verdict, type VerifyInput } from '../../src/client/index.js';
import type { Demo } from '../../test/server/demo.js';

/** What became of the requests that a load sent. */
export interface Tally {
  readonly sent: number;
  readonly right: number;
  /** Verdicts that are not the right one: `asked → answered`. */
  readonly wrong: readonly string[];
  /** Calls that ended with an error of the client's, by its code; those without an answer in time are lost instead. */
  readonly failed: ReadonlyMap<string, number>;
  /** Seconds since the load began in which calls failed, and how many: one event, or many. */
  readonly failedAt: ReadonlyMap<number, number>;
  /** No answer within the client's time, or no end at all. */
  readonly lost: number;
  /** Milliseconds between two answers of one client, the longest. */
  readonly longestGap: number;
}

interface Question {
  readonly input: VerifyInput;
  readonly code: Verdict['code'];
}

export const CLIENTS = 16;
/** Requests that each client has open. */
const LANES = 4;
/** Between an answer and the next request, in milliseconds: a steady load, not all that the machine can do. */
const PAUSE = 100;
/** For one call, in milliseconds. */
const PATIENCE = 60_000;

/** Steady requests from the shipped client, every answer of which is known beforehand. */
export class Load {
  readonly #pki: Demo;
  readonly #clients: readonly Client[];
  readonly #lanes: readonly Promise<void>[];
  readonly #wrong: string[] = [];
  readonly #failed = new Map<string, number>();
  readonly #failedAt = new Map<number, number>();
  readonly #startedAt = performance.now();
  #sent = 0;
  #right = 0;
  #longestGap = 0;
  #stopped = false;

  constructor(address: string, pki: Demo) {
    this.#pki = pki;
    this.#clients = Array.from({ length: CLIENTS }, () => new Client(address, { timeout: PATIENCE }));
    this.#lanes = this.#clients.flatMap((client) => {
      const answers = new Answers();
      return Array.from({ length: LANES }, () => this.#ask(client, answers));
    });
  }

  get answered(): number {
    return this.#right;
  }

  /** Sends nothing more; what is under way has time to end. */
  async stop(): Promise<Tally> {
    this.#stopped = true;
    await Promise.race([Promise.all(this.#lanes), delay(PATIENCE + 5000, undefined, { ref: false })]);
    await Promise.race([
      Promise.all(this.#clients.map((client) => client.close())),
      delay(5000, undefined, { ref: false }),
    ]);
    const failures = [...this.#failed.values()].reduce((sum, count) => sum + count, 0);
    return {
      sent: this.#sent,
      right: this.#right,
      wrong: this.#wrong,
      failed: this.#failed,
      failedAt: this.#failedAt,
      // Those that came too late, and those that never ended.
      lost: this.#sent - this.#right - this.#wrong.length - failures,
      longestGap: this.#longestGap,
    };
  }

  async #ask(client: Client, answers: Answers): Promise<void> {
    while (!this.#stopped) {
      const question = this.#question(this.#sent++);
      try {
        this.#judge(question, await client.verify(question.input));
      } catch (error) {
        this.#note(error);
      }
      this.#longestGap = Math.max(this.#longestGap, answers.gap());
      await delay(PAUSE);
    }
  }

  #judge({ code }: Question, verdict: Verdict): void {
    if (verdict.code === code) this.#right++;
    else this.#wrong.push(`${code} → ${verdict.code}: ${verdict.message}`);
  }

  #note(error: unknown): void {
    const code = error instanceof PkixdError ? error.code : String(error);
    if (code === 'DEADLINE') return;
    this.#failed.set(code, (this.#failed.get(code) ?? 0) + 1);
    const second = Math.floor((performance.now() - this.#startedAt) / 1000);
    this.#failedAt.set(second, (this.#failedAt.get(second) ?? 0) + 1);
  }

  /** One in four was asked before, word for word. */
  #question(n: number): Question {
    const policy = n % 4 === 0 ? {} : { policy: { initial: ['2.5.29.32.0', `1.3.6.1.4.1.${n}`] } };
    const revoked = n % 3 === 0;
    const certificates = this.#pki.chain(revoked ? 'revoked' : 'good');
    if (revoked) return { input: { certificates, ...policy }, code: 'REVOKED' };
    const hosts = [n % 3 === 1 ? 'leaf.example' : 'other.example'];
    return { input: { certificates, hosts, ...policy }, code: n % 3 === 1 ? 'OK' : 'PEER_NAME' };
  }
}

/** When a client's answers came. */
class Answers {
  #last = performance.now();

  /** Milliseconds since the answer before this one. */
  gap(): number {
    const now = performance.now();
    const gap = now - this.#last;
    this.#last = now;
    return gap;
  }
}
