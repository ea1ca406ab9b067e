import { REVOCATION_MODES } from '../../revocation-mode.js';
import type { VerifyRequest } from '../../wire/request.js';
import { UsageError } from '../exit-code.js';
import { listFlag, textFlag, type Arguments } from '../flags.js';
import type { Context } from '../context.js';
import {
  readAnchorCertificates,
  readCertificates,
  readCrls,
  readOcspResponses,
  type RequestParts,
} from './verify-input.js';

/** The parts of the request that are the same for every leaf. */
export type Common = Omit<VerifyRequest, 'certificates'> & RequestParts;

export function commonRequest(args: Arguments, context: Context): Common {
  const untrusted = listFlag(args, 'untrusted').map((file) => readCertificates(file, context));
  const crls = listFlag(args, 'crl').flatMap((file) => readCrls(file, context));
  const ocsp = listFlag(args, 'ocsp').flatMap((file) => readOcspResponses(file, context));
  const anchors = listFlag(args, 'anchor').flatMap((file) => readAnchorCertificates(file, context));
  const [profile, purpose] = [textFlag(args, 'profile'), textFlag(args, 'purpose')];
  const [hosts, ips, emails] = [listFlag(args, 'host'), listFlag(args, 'ip'), listFlag(args, 'email')];
  const at = textFlag(args, 'at');
  const revocation = REVOCATION_MODES.find((mode) => mode === textFlag(args, 'revocation'));
  return {
    certificates: untrusted.flatMap((found) => found.certificates),
    crls: [...untrusted.flatMap((found) => found.crls), ...crls],
    ocsp: [...untrusted.flatMap((found) => found.ocsp), ...ocsp],
    ...(anchors.length > 0 && { anchors }),
    ...(profile !== undefined && { profile }),
    ...(purpose !== undefined && { purpose }),
    ...(hosts.length > 0 && { hosts }),
    ...(ips.length > 0 && { ips }),
    ...(emails.length > 0 && { emails }),
    ...(at !== undefined && { at: parseInstant(at) }),
    ...(revocation && { revocation }),
  };
}

/** The leaf's file may contain more of its chain, CRLs and OCSP responses. */
export function requestFor(found: RequestParts, common: Common): VerifyRequest {
  return {
    ...common,
    certificates: [...found.certificates, ...common.certificates],
    crls: [...found.crls, ...common.crls],
    ocsp: [...found.ocsp, ...common.ocsp],
  };
}

const INSTANT = /^\d{4}-\d\d-\d\d(?:T\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:\d\d))?$/;

/**
 * ISO 8601 with an offset, or a day (its midnight in UTC), in whole seconds. A time without an offset is not a definite
 * instant.
 */
export function parseInstant(text: string): number {
  const milliseconds = INSTANT.test(text) && isRealDay(text) ? Date.parse(text) : NaN;
  if (!Number.isNaN(milliseconds)) return Math.floor(milliseconds / 1000) * 1000;
  throw new UsageError(`--at "${text}" is not an instant; write 2026-03-31T12:00:00Z or 2026-03-31`);
}

/** Date.parse accepts 30 February as a day in March. */
function isRealDay(text: string): boolean {
  const day = text.slice(0, 10);
  const parsed = Date.parse(day);
  return !Number.isNaN(parsed) && new Date(parsed).toISOString().startsWith(day);
}
