/** The exports of the package: the client, its errors, and the types of a verdict. docs/client.md describes it. */
export { AddressError } from '../config/address.js';
export { PkixdError } from '../errors.js';
export type { ServerStatus } from '../wire/control.js';
export type { PolicyInputs } from '../wire/request.js';
export type { RevocationMode } from '../revocation-mode.js';
export type { RevocationEvidence, Verdict, VerdictCode, VerdictStatus } from '../wire/verdict.js';
export type { CallOptions } from './call.js';
export { Client, type ClientOptions } from './client.js';
export { BusyError, ClosedError, DeadlineError, InputError, ProtocolError, RefusedError } from './errors.js';
export { ConnectError, ConnectionLostError } from './socket.js';
export { NoPeerCertificateError, type PeerExpectation } from './tls-peer.js';
export type { CertificateInput, VerifyInput } from './verify-input.js';
