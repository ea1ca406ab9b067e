import { mayBeSameName, type Name } from './name.js';

/** A certificate issuer of an indirect CRL, with its number among the CRL's issuers; 0 is the CRL's own. */
export interface NumberedIssuer {
  readonly name: Name;
  readonly number: number;
}

/** Such issuers of one CRL that are told apart; in a CRL with more of them, each issuer may be listed. */
const MAX_UNCLEAR = 64;

/**
 * The certificate issuers of an indirect CRL (RFC 5280 §5.3.3) whose names cannot be compared with all others: an
 * entry of theirs may be of an issuer that is written otherwise.
 */
export class UnclearIssuers {
  /** One more than are told apart says that there are too many. */
  readonly names: NumberedIssuer[] = [];

  /** Notes an issuer, unless its name can be compared. */
  add(name: Name, number: number): void {
    if (!name.isComparable && this.names.length <= MAX_UNCLEAR) this.names.push({ name, number });
  }

  /**
   * The numbers of issuers other than `own` that may be this one; `any` where that cannot be told.
   *
   * @param own the number of the issuer whose name is the same; `undefined`: none is
   * @param others does the CRL list any issuer but its own?
   */
  numbersFor(issuer: Name, own: number | undefined, crlIssuer: Name, others: boolean): number[] | 'any' {
    if (this.names.length > MAX_UNCLEAR || (others && !issuer.isComparable)) return 'any';
    return [{ name: crlIssuer, number: 0 }, ...this.names]
      .filter(({ name, number }) => number !== own && mayBeSameName(name, issuer))
      .map(({ number }) => number);
  }
}
