import { VERSION } from '../version.js';
import { encode } from '../wire/codec.js';
import { encodeMessage, type Greeting, MESSAGE, PROTOCOL_VERSION } from '../wire/message.js';
import type { SessionOptions } from '../wire/protocol.js';
import { scopeOf } from './msgpack-body.js';

/** What all sessions with the same options share; made once. */
export class Terms {
  readonly options: SessionOptions;
  readonly scope: number;
  readonly greeting: Buffer;

  constructor(options: SessionOptions) {
    this.options = options;
    this.scope = scopeOf(options.permits);
    this.greeting = encodeMessage(MESSAGE.greeting, 0, 0, encode(greetingOf(options)));
  }

  /** The most bytes that a body of this type may have. */
  readonly limitOf = (type: number): number | undefined => {
    if (type === MESSAGE.verify) return this.options.limits.maxSize;
    return type === MESSAGE.ping || type === MESSAGE.status || type === MESSAGE.cancel ? 0 : undefined;
  };
}

const knownTerms = new WeakMap<SessionOptions, Terms>();

export function termsOf(options: SessionOptions): Terms {
  const known = knownTerms.get(options);
  if (known) return known;
  const terms = new Terms(options);
  knownTerms.set(options, terms);
  return terms;
}

function greetingOf({ limits, maxInFlight, permits }: SessionOptions): Greeting {
  const { maxSize, maxCertificates, maxCrls } = limits;
  return {
    protocol: 'pkixd',
    version: PROTOCOL_VERSION,
    server: VERSION,
    permits: [...permits],
    limits: { maxSize, maxInFlight, maxCertificates, maxCrls },
  };
}
