import { contextConstructed, contextPrimitive, type DerReader, TAG } from './der.js';
import type {
  AccessDescription,
  AuthorityKeyIdentifier,
  BasicConstraints,
  NameConstraints,
} from './extensions.js';
import { type GeneralName, readGeneralName, readGeneralNames } from './general-name.js';
import { spendWork, WORK } from './work.js';
import { malformed } from './x509-error.js';

/**
 * §4.2.1.9. `cA FALSE` written out, which DER forbids, is accepted: many CAs wrote it, and it says what its
 * absence says. A pathLenConstraint without cA is left to the profile.
 */
export function readBasicConstraints(r: DerReader, critical: boolean): BasicConstraints {
  const outer = r.enter(TAG.sequence, 'basicConstraints');
  const ca = r.peek() === TAG.boolean ? r.boolean('basicConstraints.cA') : false;
  const pathLength = r.done ? undefined : r.unsigned('basicConstraints.pathLenConstraint');
  r.leave(outer, 'basicConstraints');
  return pathLength === undefined ? { ca, critical } : { ca, pathLength, critical };
}

/** §4.2.1.3: "at least one of the bits MUST be set to 1". */
export function readKeyUsage(r: DerReader): number {
  const bits = r.namedBits('keyUsage');
  if (bits === 0) throw malformed('keyUsage has no bit set');
  return bits;
}

/** §4.2.1.12 */
export function readExtendedKeyUsage(r: DerReader): readonly string[] {
  const purposes: string[] = [];
  const outer = r.enterNonEmpty(TAG.sequence, 'extKeyUsage');
  while (!r.done) {
    spendWork(WORK.oid);
    purposes.push(r.oid('extKeyUsage'));
  }
  r.leave(outer, 'extKeyUsage');
  return purposes;
}

/** §4.2.1.6 */
export function readSubjectAltName(r: DerReader): readonly GeneralName[] {
  return readGeneralNames(r, 'subjectAltName', TAG.sequence);
}

/** §4.2.1.7 */
export function readIssuerAltName(r: DerReader): readonly GeneralName[] {
  return readGeneralNames(r, 'issuerAltName', TAG.sequence);
}

/** §4.2.1.2 */
export function readSubjectKeyIdentifier(r: DerReader): Uint8Array {
  r.expect(TAG.octetString, 'subjectKeyIdentifier');
  return r.content();
}

/** §4.2.1.1: issuer and serial number are both present or both absent. */
export function readAuthorityKeyIdentifier(r: DerReader): AuthorityKeyIdentifier {
  const what = 'authorityKeyIdentifier';
  const outer = r.enter(TAG.sequence, what);
  let from = 0;
  let to = -1;
  if (r.peek() === contextPrimitive(0)) {
    r.next(what);
    ({ from, to } = r);
  }
  let issuer: readonly GeneralName[] | undefined;
  if (r.peek() === contextConstructed(1)) issuer = readGeneralNames(r, what, contextConstructed(1));
  let serial: Uint8Array | undefined;
  if (r.peek() === contextPrimitive(2)) {
    r.integer(what, contextPrimitive(2));
    serial = r.content();
  }
  r.leave(outer, what);
  if ((issuer === undefined) !== (serial === undefined))
    throw malformed(`${what} has only one of authorityCertIssuer and authorityCertSerialNumber`);
  return new AuthorityKeyIdentifierView(r.bytes, from, to, issuer, serial);
}

/** Makes the view of the key identifier only when it is asked for: nearly every certificate has one, few are asked. */
class AuthorityKeyIdentifierView implements AuthorityKeyIdentifier {
  readonly issuer: readonly GeneralName[] | undefined;
  readonly serial: Uint8Array | undefined;
  private readonly bytes: Uint8Array;
  private readonly from: number;
  /** -1 without one. */
  private readonly to: number;

  constructor(
    bytes: Uint8Array,
    from: number,
    to: number,
    issuer: readonly GeneralName[] | undefined,
    serial: Uint8Array | undefined,
  ) {
    this.issuer = issuer;
    this.serial = serial;
    this.bytes = bytes;
    this.from = from;
    this.to = to;
  }

  get keyIdentifier(): Uint8Array | undefined {
    return this.to < 0 ? undefined : this.bytes.subarray(this.from, this.to);
  }
}

/** §4.2.1.10 */
export function readNameConstraints(r: DerReader): NameConstraints {
  const outer = r.enterNonEmpty(TAG.sequence, 'nameConstraints');
  const permitted = readSubtrees(r, contextConstructed(0));
  const excluded = readSubtrees(r, contextConstructed(1));
  r.leave(outer, 'nameConstraints');
  return { permitted, excluded };
}

/** "minimum MUST be zero, and maximum MUST be absent": zero is the DEFAULT, so neither is ever encoded. */
function readSubtrees(r: DerReader, tag: number): readonly GeneralName[] {
  const bases: GeneralName[] = [];
  if (r.peek() !== tag) return bases;
  const outer = r.enterNonEmpty(tag, 'nameConstraints');
  while (!r.done) {
    spendWork(WORK.generalName);
    const outerSubtree = r.enter(TAG.sequence, 'nameConstraints');
    bases.push(readGeneralName(r, 'nameConstraints', 'range'));
    if (!r.done) throw malformed('nameConstraints has a minimum or maximum');
    r.leave(outerSubtree, 'nameConstraints');
  }
  r.leave(outer, 'nameConstraints');
  return bases;
}

/** §4.2.2.1 */
export function readAuthorityInfoAccess(r: DerReader): readonly AccessDescription[] {
  return readAccessDescriptions(r, 'authorityInfoAccess');
}

/** §4.2.2.2 */
export function readSubjectInfoAccess(r: DerReader): readonly AccessDescription[] {
  return readAccessDescriptions(r, 'subjectInfoAccess');
}

function readAccessDescriptions(r: DerReader, what: string): readonly AccessDescription[] {
  const found: AccessDescription[] = [];
  const outer = r.enterNonEmpty(TAG.sequence, what);
  while (!r.done) {
    spendWork(WORK.accessDescription);
    const outerDescription = r.enter(TAG.sequence, what);
    found.push({ method: r.oid(what), location: readGeneralName(r, what, 'address') });
    r.leave(outerDescription, what);
  }
  r.leave(outer, what);
  return found;
}

/** RFC 9608 §2. */
export function readNoRevAvail(r: DerReader): true {
  r.null('noRevAvail');
  return true;
}
