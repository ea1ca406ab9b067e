import { PkixdError } from '../errors.js';
import { REVOCATION_MODES, type RevocationMode } from '../revocation-mode.js';
import type { PolicyInputs, VerifyRequest } from '../wire/request.js';

/** The body of a task does not have the promised shape. */
export class ShapeError extends PkixdError {
  constructor(key: string, wanted: string) {
    super('BAD_ARGUMENT', `the request's ${key} is not ${wanted}`);
  }
}

type Fields = Readonly<Record<string, unknown>>;

/** Checks a decoded task body field by field; unknown fields are ignored. Throws `ShapeError`. */
export function toVerifyRequest(body: unknown): VerifyRequest {
  if (!isFields(body)) throw new ShapeError('body', 'a map');
  const ocsp = optional(body, 'ocsp', bytesList);
  const anchors = optional(body, 'anchors', bytesList);
  const profile = optional(body, 'profile', string);
  const purpose = optional(body, 'purpose', string);
  const hosts = optional(body, 'hosts', strings);
  const ips = optional(body, 'ips', strings);
  const emails = optional(body, 'emails', strings);
  const at = optional(body, 'at', instant);
  const revocation = optional(body, 'revocation', mode);
  const policy = optional(body, 'policy', policyInputs);
  // Not by spreading, which is slow: every request passes here.
  const request: { -readonly [K in keyof VerifyRequest]: VerifyRequest[K] } = {
    certificates: bytesList(body['certificates'], 'certificates'),
    crls: optional(body, 'crls', bytesList) ?? [],
  };
  if (ocsp !== undefined) request.ocsp = ocsp;
  if (anchors !== undefined) request.anchors = anchors;
  if (profile !== undefined) request.profile = profile;
  if (purpose !== undefined) request.purpose = purpose;
  if (hosts !== undefined) request.hosts = hosts;
  if (ips !== undefined) request.ips = ips;
  if (emails !== undefined) request.emails = emails;
  if (at !== undefined) request.at = at;
  if (revocation !== undefined) request.revocation = revocation;
  if (policy !== undefined) request.policy = policy;
  return request;
}

function optional<T>(fields: Fields, key: string, read: (value: unknown, key: string) => T): T | undefined {
  const value = fields[key];
  return value === undefined || value === null ? undefined : read(value, key);
}

function policyInputs(value: unknown, key: string): PolicyInputs {
  if (!isFields(value)) throw new ShapeError(key, 'a map');
  const initial = optional(value, 'initial', strings);
  const inhibitMapping = optional(value, 'inhibitMapping', boolean);
  const explicit = optional(value, 'explicit', boolean);
  const inhibitAny = optional(value, 'inhibitAny', boolean);
  return {
    ...(initial && { initial }),
    ...(inhibitMapping !== undefined && { inhibitMapping }),
    ...(explicit !== undefined && { explicit }),
    ...(inhibitAny !== undefined && { inhibitAny }),
  };
}

function bytesList(value: unknown, key: string): readonly Uint8Array[] {
  if (!Array.isArray(value) || !value.every((item) => item instanceof Uint8Array)) {
    throw new ShapeError(key, 'a list of byte strings');
  }
  return value;
}

function strings(value: unknown, key: string): readonly string[] {
  if (!Array.isArray(value) || !value.every((item) => typeof item === 'string')) {
    throw new ShapeError(key, 'a list of strings');
  }
  return value;
}

function string(value: unknown, key: string): string {
  if (typeof value !== 'string') throw new ShapeError(key, 'a string');
  return value;
}

function boolean(value: unknown, key: string): boolean {
  if (typeof value !== 'boolean') throw new ShapeError(key, 'true or false');
  return value;
}

/** Milliseconds beyond 2^32 arrive as a bigint or a float, depending on the sender. */
function instant(value: unknown, key: string): number {
  const time = typeof value === 'bigint' ? Number(value) : value;
  if (typeof time !== 'number' || !Number.isFinite(time))
    throw new ShapeError(key, 'a number of milliseconds');
  return time;
}

function mode(value: unknown, key: string): RevocationMode {
  const known = REVOCATION_MODES.find((word) => word === value);
  if (known === undefined) throw new ShapeError(key, `one of ${REVOCATION_MODES.join(', ')}`);
  return known;
}

function isFields(value: unknown): value is Fields {
  return (
    typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Uint8Array)
  );
}
