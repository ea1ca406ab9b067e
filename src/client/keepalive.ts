/** How often it is looked whether anything was heard, in milliseconds. */
const LOOK = 500;
/** Looks in a row without a byte from a server that owes an answer, after which it is asked. */
const QUIET = 2;
/** Looks in a row without a byte from a server that was asked, after which it is given up. */
const PATIENCE = 12;

export interface VigilOwner {
  /** Whether an answer is owed: from nobody else anything is to be heard. */
  isOwed(): boolean;
  /** Sends a question that any living server answers at once; `false` where it would not be read now. */
  ask(): boolean;
  giveUp(why: string): void;
}

/**
 * Whether anybody is at the other end of a connection. A machine that vanished, a network that drops packets or a
 * process that was stopped leaves it open and silent.
 *
 *     owed, and silent for 1 s ──▶ asked, in doubt ──silent for 6 s──▶ given up
 *                                        └──answered──▶ trusted
 *
 * It counts looks and not time, so that our own sleep is held against nobody.
 */
export class Keepalive {
  readonly #owner: VigilOwner;
  #timer: NodeJS.Timeout | undefined;
  /** Looks in a row at which nothing had been heard. */
  #silent = 0;
  #doubtful = false;

  constructor(owner: VigilOwner) {
    this.#owner = owner;
  }

  /** Asked, and not answered yet. */
  get doubtful(): boolean {
    return this.#doubtful;
  }

  /** To be called when something was sent that will be answered. */
  watch(): void {
    this.#timer ??= setInterval(() => this.#look(), LOOK).unref();
  }

  /** Something came. */
  heard(): void {
    this.#silent = 0;
  }

  /** Asks now, whatever was heard until now. */
  doubt(): void {
    if (this.#doubtful || !this.#owner.ask()) return;
    this.#doubtful = true;
    this.#silent = 0;
    this.watch();
  }

  /** The question was answered. */
  trust(): void {
    this.#doubtful = false;
  }

  stop(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  #look(): void {
    if (!this.#owner.isOwed()) {
      this.stop();
      this.#silent = 0;
      return;
    }
    this.#silent++;
    if (this.#doubtful && this.#silent > PATIENCE)
      this.#owner.giveUp(`nothing was heard for ${(PATIENCE * LOOK) / 1000} s, a PING included`);
    else if (this.#silent >= QUIET) this.doubt();
  }
}
