import type { ConnectionPhase } from './connection-phase.js';
import type { DeadlineKind, LeaveReason } from '../../wire/protocol.js';

/** The origin of a connection. */
export interface Origin {
  /** The listener's name. */
  readonly listener: string;
  /** The peer of the connection, as far as the system tells. */
  readonly peer: string;
}

/** The present state of a connection, for a dump. */
export interface ConnectionDescription extends Origin {
  readonly protocol: string;
  readonly ageMs: number;
  /** Requests taken so far. */
  readonly taken: number;
  readonly unanswered: number;
  /** Bytes held of an incomplete request. */
  readonly heldBytes: number;
  /** Its current deadline, if any. */
  readonly deadline: DeadlineKind | null;
  readonly leaving: LeaveReason | null;
  readonly phase: ConnectionPhase;
  /** See `OpenRequests.describe`. */
  readonly requests: readonly Readonly<Record<string, unknown>>[];
}
