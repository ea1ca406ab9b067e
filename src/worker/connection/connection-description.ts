import type { DeadlineKind, LeaveReason } from '../../wire/protocol.js';

/** Where a connection comes from. */
export interface Origin {
  /** The listener's name. */
  readonly listener: string;
  /** Whom the connection comes from, as far as the system tells. */
  readonly peer: string;
}

/** What a connection does at this moment, for a dump. */
export interface ConnectionDescription extends Origin {
  readonly protocol: string;
  readonly ageMs: number;
  /** Requests taken so far. */
  readonly taken: number;
  readonly unanswered: number;
  /** Bytes held of a request that is not whole yet. */
  readonly heldBytes: number;
  /** The deadline it is under, if any. */
  readonly deadline: DeadlineKind | null;
  readonly leaving: LeaveReason | null;
  readonly closed: boolean;
  /** See `OpenRequests.describe`. */
  readonly requests: readonly Readonly<Record<string, unknown>>[];
}
