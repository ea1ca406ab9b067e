import { PkixdError } from '../errors.js';
import type { RequestLimits } from '../wire/protocol.js';
import type { VerifyRequest } from '../wire/request.js';
import { ContentError } from '../x509/content-error.js';
import { leafFirst } from '../x509/leaf-first.js';
import { PemReader, type PemBlock } from '../x509/pem.js';
import { ObjectCollector } from '../x509/pki-objects.js';
import { idOf, parseArguments, type VerifyArguments } from './line-arguments.js';
import { notPermitted, RequestError } from './request-error.js';

/**
 * One VERIFY, line by line. The first error is kept until the terminator, so that the answer comes in its order and the
 * connection continues after it.
 */
export class LineRequest {
  readonly id: string;
  /** The request exceeds its limit: it is answered now, and the rest of it is skipped. */
  overLimit = false;
  readonly #limits: RequestLimits;
  readonly #permits: ReadonlySet<string>;
  readonly #pem = new PemReader();
  readonly #objects = new ObjectCollector();
  /** Certificates after `anchors:`. */
  #anchors: ObjectCollector | undefined;
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

  /** The request, at its terminator; throws its first error. */
  finish(): VerifyRequest {
    this.#attempt(() => {
      this.#pem.finish();
    });
    if (this.#objects.certificates.length === 0) {
      this.fail(new RequestError('NO_CERTIFICATE', 'the request holds no CERTIFICATE block'));
    }
    if (this.#error) throw this.#error;
    if (!this.#arguments) throw new Error('arguments are parsed or an error is kept');
    const { id: _, ...asked } = this.#arguments;
    const ocsp = this.#all('ocsp');
    return {
      ...asked,
      certificates: leafFirst(this.#objects),
      crls: this.#all('crls'),
      ...(ocsp.length > 0 && { ocsp }),
      ...(this.#anchors && { anchors: this.#anchors.certificates }),
    };
  }

  /** CRLs and OCSP responses may come before and after `anchors:`. */
  #all(kind: 'certificates' | 'crls' | 'ocsp'): readonly Buffer[] {
    const before = this.#objects[kind];
    return this.#anchors === undefined ? before : before.concat(this.#anchors[kind]);
  }

  #beginAnchors(): void {
    if (!this.#permits.has('anchors')) throw notPermitted('anchors:', 'anchors');
    this.#anchors ??= new ObjectCollector();
  }

  #pemLine(text: string): void {
    const block = this.#pem.line(text);
    if (block === undefined) return;
    refuseKeys(block);
    (this.#anchors ?? this.#objects).addBlock(block);
    this.#checkCounts();
    if (this.#anchors !== undefined && this.#anchors.distrusted.length > 0) throw distrusted();
  }

  #checkCounts(): void {
    const { maxCertificates, maxCrls } = this.#limits;
    if (this.#all('certificates').length > maxCertificates) {
      throw new RequestError(
        'TOO_MANY_CERTIFICATES',
        `a request holds at most ${maxCertificates} certificates`,
      );
    }
    // CRLs and OCSP responses need the same permission, and are counted together.
    const evidence = this.#all('crls').length + this.#all('ocsp').length;
    if (evidence === 0) return;
    if (!this.#permits.has('crls')) throw notPermitted('CRLs or OCSP responses in a request', 'crls');
    if (evidence > maxCrls) {
      const message = `a request holds at most ${maxCrls} CRLs and OCSP responses (request.maxCrls)`;
      throw new RequestError('TOO_MANY_CRLS', message);
    }
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

/** Files may hold private keys beside certificates; a client should not send them. */
function refuseKeys({ kind, label }: PemBlock): void {
  if (kind !== 'secret' && kind !== 'parameters') return;
  const why = kind === 'secret' ? '; a private key does not belong here, treat it as exposed' : '';
  throw new RequestError('UNEXPECTED_PEM', `a request holds no ${label} block${why}`);
}

function distrusted(): ContentError {
  return new ContentError(
    'WRONG_CONTENT',
    'the trust settings behind a TRUSTED CERTIFICATE say that it is not to be trusted: it cannot be an anchor',
  );
}
