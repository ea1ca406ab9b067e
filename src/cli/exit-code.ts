import { PkixdError } from '../errors.js';
import type { VerdictStatus } from '../wire/verdict.js';

/** Exit codes. 0 to 2 are verdicts; those from 64 on are the codes of sysexits.h. */
export const EXIT = {
  ok: 0,
  invalid: 1,
  indeterminate: 2,
  /** The command line is wrong, or the server does not permit the request. */
  usage: 64,
  /** A file was read but has no certificate, CRL or OCSP response. */
  data: 65,
  /** A file cannot be read. */
  noInput: 66,
  /** No server answers, it has no room, or its address or folder is in use by another. */
  unavailable: 69,
  /** A bug in pkixd. */
  internal: 70,
  /** A socket, folder or log that `start` needs cannot be made. */
  cannotCreate: 73,
  /** The system forbids this user what the command needs. */
  noPermission: 77,
  /** The configuration is wrong. */
  config: 78,
} as const;

/** The exit codes of verdicts. */
export const VERDICT_EXIT: Readonly<Record<VerdictStatus, number>> = {
  valid: EXIT.ok,
  invalid: EXIT.invalid,
  indeterminate: EXIT.indeterminate,
};

/** A wrong command line. */
export class UsageError extends PkixdError {
  constructor(message: string) {
    super('USAGE', message);
  }
}

const BY_CODE: Readonly<Record<string, number>> = {
  USAGE: EXIT.usage,
  BAD_ADDRESS: EXIT.usage,
  BAD_ARGUMENT: EXIT.usage,
  NO_SUCH_WORKER: EXIT.usage,
  NO_SUCH_CRL: EXIT.usage,
  UNKNOWN_PROFILE: EXIT.usage,
  NOT_PERMITTED: EXIT.usage,
  PIPELINE_LIMIT: EXIT.usage,
  BAD_PEM: EXIT.data,
  BAD_BASE64: EXIT.data,
  UNEXPECTED_PEM: EXIT.data,
  UNEXPECTED_TEXT: EXIT.data,
  WRONG_CONTENT: EXIT.data,
  NO_CERTIFICATE: EXIT.data,
  NO_CRL: EXIT.data,
  NO_OCSP_RESPONSE: EXIT.data,
  LINE_TOO_LONG: EXIT.data,
  REQUEST_TOO_LARGE: EXIT.data,
  TOO_MANY_CERTIFICATES: EXIT.data,
  TOO_MANY_CRLS: EXIT.data,
  FILE_UNREADABLE: EXIT.noInput,
  NO_STORE: EXIT.noInput,
  CONFIG_UNREADABLE: EXIT.noInput,
  NOT_LISTENING: EXIT.unavailable,
  UNREACHABLE: EXIT.unavailable,
  CONNECTION_LOST: EXIT.unavailable,
  ALREADY_RUNNING: EXIT.unavailable,
  ADDRESS_IN_USE: EXIT.unavailable,
  BUSY: EXIT.unavailable,
  STORE_FAILED: EXIT.unavailable,
  ADDRESS_FORBIDDEN: EXIT.cannotCreate,
  LISTEN_FAILED: EXIT.cannotCreate,
  LOG_DIRECTORY: EXIT.cannotCreate,
  NOT_A_SOCKET: EXIT.cannotCreate,
  DATA_DIRECTORY: EXIT.cannotCreate,
  RUN_DIRECTORY: EXIT.cannotCreate,
  SOCKET_PATH_TOO_LONG: EXIT.cannotCreate,
  STALE_SOCKET: EXIT.cannotCreate,
  NO_PERMISSION: EXIT.noPermission,
  CONFIG_INVALID: EXIT.config,
  BAD_ACCOUNT: EXIT.config,
  BAD_ANCHORS: EXIT.config,
  BAD_CA_FILE: EXIT.config,
};

/** The exit code for the code of an error of pkixd or of a server's answer. */
export function exitCodeOf(code: string): number {
  return BY_CODE[code] ?? EXIT.internal;
}
