/** Milliseconds between two checks whether the server has sent anything. */
const CHECK_PERIOD_MS = 500;
/** Checks in a row without a byte from a server that owes an answer, after which it is sent a PING. */
const MAX_SILENT_CHECKS = 2;
/** Checks in a row without a byte after a PING, after which the connection is given up. */
const MAX_UNANSWERED_CHECKS = 12;

export interface KeepaliveOwner {
  /** Whether the server owes an answer; otherwise it may be silent. */
  isOwed(): boolean;
  /** Sends a PING, which a living server answers at once; `false` if the server would not read it now. */
  ask(): boolean;
  giveUp(why: string): void;
}

/**
 * Finds out whether the other end of a connection is alive. A machine that vanished, a network that drops packets or a
 * stopped process leaves it open and silent.
 *
 *     owed, and silent for 1 s ──▶ asked, in doubt ──silent for 6 s──▶ given up
 *                                        └──answered──▶ trusted
 *
 * It counts checks and not time, so that a pause of this process does no harm.
 */
export class Keepalive {
  readonly #owner: KeepaliveOwner;
  #timer: NodeJS.Timeout | undefined;
  /** Checks in a row without a byte from the server. */
  #silent = 0;
  #doubtful = false;

  constructor(owner: KeepaliveOwner) {
    this.#owner = owner;
  }

  /** A PING is unanswered. */
  get doubtful(): boolean {
    return this.#doubtful;
  }

  /** To be called when something was sent that will be answered. */
  watch(): void {
    this.#timer ??= setInterval(() => this.#look(), CHECK_PERIOD_MS).unref();
  }

  /** Something came. */
  heard(): void {
    this.#silent = 0;
  }

  /** Sends a PING now, whatever came before. */
  doubt(): void {
    if (this.#doubtful || !this.#owner.ask()) return;
    this.#doubtful = true;
    this.#silent = 0;
    this.watch();
  }

  /** The PING was answered. */
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
    if (this.#doubtful && this.#silent > MAX_UNANSWERED_CHECKS)
      this.#owner.giveUp(
        `nothing was heard for ${(MAX_UNANSWERED_CHECKS * CHECK_PERIOD_MS) / 1000} s, a PING included`,
      );
    else if (this.#silent >= MAX_SILENT_CHECKS) this.doubt();
  }
}
