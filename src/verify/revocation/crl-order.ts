import type { CrlFacts } from '../../x509/crl.js';
import { OID } from '../../x509/oid.js';
import type { CaKey } from '../keys/ca-key.js';

/**
 * Which of several CRLs speaks last.
 *
 * A scope is one issuer, one key and one issuingDistributionPoint: only within it CRL numbers count (§5.2.3), and only
 * within it a CRL takes the place of another. There a CRL is the newer one when its thisUpdate is later and its number
 * not lower, or with one thisUpdate when its number is higher. Every other two cannot be ordered: two of one time
 * and number, of one time where one has no number, a later one with a lower number, two of different scopes. What either
 * of them revokes is revoked.
 */

type Issued = Pick<CrlFacts, 'thisUpdate' | 'number'>;

/** Is `a` newer than `b`, beyond doubt? Both are of one scope. */
export function isNewer(a: Issued, b: Issued): boolean {
  if (a.thisUpdate === b.thisUpdate) return isLower(b.number, a.number);
  return a.thisUpdate > b.thisUpdate && !isLower(a.number, b.number);
}

function isLower(a: bigint | null, b: bigint | null): boolean {
  return a !== null && b !== null && a < b;
}

/** A delta CRL with the BaseCRLNumber from which on it has every change. */
type Delta = Issued & Pick<CrlFacts, 'baseNumber'>;

/** The CRLs of each scope that were consulted so far and may take the place of others. */
export class HeardScopes {
  readonly #completes = new Map<string, Issued[]>();
  readonly #deltas = new Map<string, Delta[]>();

  /** A complete CRL, or what it and a delta CRL make together, which has the delta's time and number (§5.2.4). */
  addComplete(scope: string, issued: Issued): void {
    add(this.#completes, scope, issued);
  }

  addDelta(scope: string, delta: Delta): void {
    add(this.#deltas, scope, delta);
  }

  /** Has a newer complete CRL been heard? */
  isSuperseded(scope: string, crl: Issued): boolean {
    return this.#completes.get(scope)?.some((heard) => isNewer(heard, crl)) === true;
  }

  /** Has a newer complete CRL, or a newer delta CRL that reaches back as far? */
  isDeltaSuperseded(scope: string, delta: Delta): boolean {
    if (this.isSuperseded(scope, delta)) return true;
    const newer = this.#deltas.get(scope)?.filter((heard) => isNewer(heard, delta)) ?? [];
    return newer.some(({ baseNumber }) => baseNumber !== null && !isLower(delta.baseNumber, baseNumber));
  }
}

/** The scope of a CRL that this key signed, as a key of maps. */
export function scopeOf(crl: CrlFacts, { id }: CaKey): string {
  const point = crl.extensions.find(({ oid }) => oid === OID.issuingDistributionPoint)?.value;
  return `${id} ${point === undefined ? '' : Buffer.from(point).toString('hex')} ${crl.issuer.key}`;
}

function add<T>(heard: Map<string, T[]>, scope: string, one: T): void {
  const known = heard.get(scope);
  if (known === undefined) heard.set(scope, [one]);
  else known.push(one);
}
