import { PkixdError } from '../errors.js';
import type { RequestLimits } from '../wire/protocol.js';
import type { VerifyRequest } from '../wire/request.js';
import { PemReader, type PemBlock } from '../x509/pem.js';
import { idOf, parseArguments, type VerifyArguments } from './line-arguments.js';
import { notPermitted, RequestError } from './request-error.js';

/**
 * One VERIFY as its lines come in. The first error is kept and given at the end, so that the answer stands in its
 * order and the connection goes on behind the terminator.
 */
export class LineRequest {
  readonly id: string;
  /** The request has grown beyond its bound: it is answered now, and the rest of it is dropped. */
  overLimit = false;
  readonly #limits: RequestLimits;
  readonly #permits: ReadonlySet<string>;
  readonly #pem = new PemReader();
  readonly #certificates: Buffer[] = [];
  readonly #crls: Buffer[] = [];
  readonly #ocsp: Buffer[] = [];
  #anchors: Buffer[] | undefined;
  #arguments: VerifyArguments | undefined;
  #error: PkixdError | undefined;
  #size = 0;

  constructor(words: readonly string[], limits: RequestLimits, permits: ReadonlySet<string>) {
    this.#limits = limits;
    this.#permits = permits;
    this.id = idOf(words);
    this.#attempt(() => {
      this.#arguments = parseArguments(words, permits);
    });
  }

  /** Bytes taken so far. */
  get size(): number {
    return this.#size;
  }

  line(text: string): void {
    this.#size += text.length + 1;
    this.#attempt(() => {
      if (this.#size > this.#limits.maxSize) {
        this.overLimit = true;
        throw new RequestError('REQUEST_TOO_LARGE', `a request has at most ${this.#limits.maxSize} bytes`);
      }
      if (this.#error) return;
      if (text.trim() === 'anchors:' && this.#pem.openLabel === undefined) this.#beginAnchors();
      else this.#pemLine(text);
    });
  }

  fail(error: RequestError): void {
    this.#error ??= error;
  }

  /** What was asked, once the terminator is here; throws what was wrong with it. */
  finish(): VerifyRequest {
    if (this.#pem.openLabel !== undefined) {
      this.fail(new RequestError('BAD_PEM', `BEGIN ${this.#pem.openLabel} has no END before the terminator`));
    }
    if (this.#certificates.length === 0) {
      this.fail(new RequestError('NO_CERTIFICATE', 'the request holds no CERTIFICATE block'));
    }
    if (this.#error) throw this.#error;
    if (!this.#arguments) throw new Error('arguments are parsed or an error is kept');
    const { id: _, ...asked } = this.#arguments;
    return {
      ...asked,
      certificates: this.#certificates,
      crls: this.#crls,
      ...(this.#ocsp.length > 0 && { ocsp: this.#ocsp }),
      ...(this.#anchors && { anchors: this.#anchors }),
    };
  }

  #beginAnchors(): void {
    if (!this.#permits.has('anchors')) throw notPermitted('anchors:', 'anchors');
    this.#anchors ??= [];
  }

  #pemLine(text: string): void {
    const block = this.#pem.line(text);
    if (block?.label === 'CERTIFICATE') this.#addCertificate(block);
    else if (block?.label === 'X509 CRL') this.#addEvidence(this.#crls, block);
    else if (block?.label === 'OCSP RESPONSE') this.#addEvidence(this.#ocsp, block);
    else if (block) {
      const secret = block.label.endsWith('PRIVATE KEY')
        ? '; no private key belongs here, treat it as exposed'
        : '';
      throw new RequestError(
        'UNEXPECTED_PEM',
        `blocks are CERTIFICATE, X509 CRL or OCSP RESPONSE, not ${block.label}${secret}`,
      );
    }
  }

  #addCertificate(block: PemBlock): void {
    const { maxCertificates } = this.#limits;
    if (this.#certificates.length + (this.#anchors?.length ?? 0) >= maxCertificates) {
      throw new RequestError(
        'TOO_MANY_CERTIFICATES',
        `a request holds at most ${maxCertificates} certificates`,
      );
    }
    (this.#anchors ?? this.#certificates).push(block.der);
  }

  /** CRLs and OCSP responses need one permission, and are counted together. */
  #addEvidence(list: Buffer[], block: PemBlock): void {
    const { maxCrls } = this.#limits;
    if (!this.#permits.has('crls')) throw notPermitted('CRLs or OCSP responses in a request', 'crls');
    if (this.#crls.length + this.#ocsp.length >= maxCrls) {
      const message = `a request holds at most ${maxCrls} CRLs and OCSP responses (request.maxCrls)`;
      throw new RequestError('TOO_MANY_CRLS', message);
    }
    list.push(block.der);
  }

  #attempt(step: () => void): void {
    try {
      step();
    } catch (error) {
      if (!(error instanceof PkixdError)) throw error;
      this.#error ??= error;
    }
  }
}
