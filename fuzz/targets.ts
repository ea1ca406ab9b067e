import { explainRequest, explanationJson, explanationLines } from '../src/cli/verify/explanation.js';
import type { BaseProfile } from '../src/config/config.js';
import { PkixdError } from '../src/errors.js';
import { CaMemory } from '../src/verify/keys/ca-memory.js';
import { BASE_RULES, type Profile } from '../src/verify/profiles.js';
import type { VerifyEnvironment } from '../src/verify/verify.js';
import { parseAllExtensions, parseCertificate } from '../src/x509/certificate.js';
import { findEntry, parseCrl } from '../src/x509/crl.js';
import { EntryReader } from '../src/x509/crl-entry.js';
import { formatName } from '../src/x509/name.js';
import { parseOcspResponse } from '../src/x509/ocsp.js';
import { readPkiObjects } from '../src/x509/pki-objects.js';
import { importPublicKey } from '../src/x509/public-key.js';
import { msgpackProtocol } from '../src/protocol/msgpack.js';
import { toVerifyRequest } from '../src/thread/request-shape.js';
import { decode, encode } from '../src/wire/codec.js';
import { encodeMessage, MESSAGE } from '../src/wire/message.js';
import { verifySignature } from '../src/x509/signature.js';
import { verify } from '../src/verify/verify.js';
import { TrustStore } from '../src/verify/trust-store.js';
import * as der from '../test/pki/der-builder.js';
import * as ext from '../test/pki/extensions.js';
import { algorithmOf, type KeyPair, signWith } from '../test/pki/keys.js';
import { signedResponse } from '../test/pki/ocsp.js';
import { pemOf } from '../test/pki/pki.js';
import { mutateBytes, mutateElements } from './mutate.js';
import type { Random } from './random.js';
import type { Seeds } from './seeds.js';

/** Makes one input; running it is what is measured, and what must throw nothing but a `PkixdError`. */
export interface Target {
  readonly name: string;
  readonly prepare: (seeds: Seeds, random: Random) => Input;
}

export interface Input {
  /** What to keep of it when it goes wrong. */
  readonly bytes: Uint8Array;
  readonly run: () => void;
}

/** The first few are whole; the corpora's own are mostly broken already, and die early. */
const WHOLE = 2;

function mutate(seeds: readonly Uint8Array[], random: Random): Uint8Array {
  const bytes = random.pick(random.below(2) === 0 ? seeds.slice(0, WHOLE) : seeds);
  return random.below(3) === 0
    ? mutateBytes(bytes, random)
    : mutateElements(bytes, random, random.pick(seeds));
}

export const TARGETS: readonly Target[] = [
  {
    name: 'msgpack',
    prepare(seeds, random) {
      const body = encode({ certificates: [random.pick(seeds.certificates)], hosts: ['a.example'], at: 0 });
      const bytes = mutateBytes(
        Buffer.concat([body, body].map((one, id) => encodeMessage(MESSAGE.verify, id, 0, one))),
        random,
      );
      const cut = 1 + random.below(bytes.length);
      return { bytes, run: () => readMessages([bytes.subarray(0, cut), bytes.subarray(cut)]) };
    },
  },
  {
    name: 'certificate',
    prepare(seeds, random) {
      const bytes = mutate(seeds.certificates, random);
      return { bytes, run: () => readCertificate(bytes) };
    },
  },
  {
    name: 'crl',
    prepare(seeds, random) {
      const bytes = mutate(seeds.lists, random);
      return { bytes, run: () => readCrl(bytes) };
    },
  },
  {
    name: 'crl entry, in short and by the grammar',
    prepare(seeds, random) {
      const bytes = mutateBytes(entryOf(random), random);
      return { bytes, run: () => compareReaders(bytes) };
    },
  },
  {
    name: 'ocsp response',
    prepare(seeds, random) {
      const bytes = mutate([seeds.ocsp], random);
      return { bytes, run: () => void parseOcspResponse(bytes) };
    },
  },
  {
    name: 'pem',
    prepare(seeds, random) {
      const bytes = mutateBytes(Buffer.from(pemOf('CERTIFICATE', random.pick(seeds.certificates))), random);
      return { bytes, run: () => void readPkiObjects(bytes, 'certificate') };
    },
  },
  {
    name: 'file',
    prepare(seeds, random) {
      const bytes = mutate(seeds.certificates, random);
      return { bytes, run: () => void readPkiObjects(bytes, 'certificate') };
    },
  },
  {
    name: 'leaf',
    prepare: (seeds, random) => asked(seeds, random, 0, mutate(seeds.certificates, random)),
  },
  {
    name: 'leaf, signed anew',
    prepare: (seeds, random) =>
      asked(seeds, random, 0, signedAnew(seeds.leaf.der, seeds.ca.key, seeds, random)),
  },
  {
    name: 'issuer, signed anew',
    prepare: (seeds, random) =>
      asked(seeds, random, 1, signedAnew(seeds.ca.der, seeds.root.key, seeds, random)),
  },
  {
    name: 'anchor',
    prepare: (seeds, random) => asked(seeds, random, 2, mutate([seeds.root.der], random)),
  },
  { name: 'ocsp response, signed anew', prepare: answered },
  {
    name: 'crl, signed anew',
    prepare(seeds, random) {
      const list = random.below(seeds.crls.length);
      const { key } = list === 0 ? seeds.root : seeds.ca;
      return asked(seeds, random, 3 + list, signedAnew(seeds.crls[list]!, key, seeds, random));
    },
  },
];

/** The chain with the leaf's CRL replaced by a response, whose data are changed and signed anew. */
function answered(seeds: Seeds, random: Random): Input {
  const { root, ca, leaf, responder, ocsp, crls } = seeds;
  const whole = parseOcspResponse(ocsp);
  const tbs = whole.status === 'successful' ? whole.basic.tbs : ocsp;
  const bytes = signedResponse(mutateElements(tbs, random, tbs), responder, { certificates: [responder] });
  const base = random.pick(BASES);
  const request = {
    certificates: [leaf.der, ca.der],
    crls: crls.slice(0, 1),
    ocsp: [bytes],
    anchors: [root.der],
    revocation: random.pick(['hard', 'soft'] as const),
  };
  return { bytes, run: () => void verify(request, environmentOf(base)) };
}

function readCertificate(bytes: Uint8Array): void {
  const certificate = parseCertificate(bytes);
  formatName(certificate.subject);
  void certificate.issuer.key;
  parseAllExtensions(certificate);
  const { signatureAlgorithm, tbs, signature, spki } = certificate;
  verifySignature(signatureAlgorithm, tbs, signature, importPublicKey(spki));
}

function readCrl(bytes: Uint8Array): void {
  const crl = parseCrl(bytes);
  void crl.issuer.key;
  findEntry(crl, Uint8Array.of(1));
}

/** An entry of the form that nearly all have, or close to it. */
function entryOf(random: Random): Uint8Array {
  const serial = random.below(2 ** 31) * 2 ** random.below(20);
  const date = new Date(Date.UTC(1950 + random.below(110), random.below(12), 1 + random.below(28)));
  const reason = ext.reasonCode(random.below(12));
  return der.sequence(
    der.integer(serial),
    der.time(date),
    ...(random.below(2) === 0 ? [] : [der.sequence(reason)]),
  );
}

function said(reader: EntryReader, to: number): string {
  const { serialFrom, serialTo, date, reason, extended, certificateIssuer, unknownCritical } = reader;
  return JSON.stringify([
    to,
    serialFrom,
    serialTo,
    date,
    reason,
    extended,
    certificateIssuer,
    unknownCritical,
  ]);
}

/** What the short way takes, the grammar must take, and read the same there. */
function compareReaders(bytes: Uint8Array): void {
  const [short, whole] = [new EntryReader(bytes), new EntryReader(bytes)];
  const end = short.read(0, bytes.length);
  if (!short.isPlain) return;
  let other: string;
  try {
    other = said(whole, whole.readAny(0, bytes.length));
  } catch (error) {
    throw new Error('the grammar refuses what the short way takes', { cause: error });
  }
  if (said(short, end) !== other) throw new Error(`in short ${said(short, end)}, by the grammar ${other}`);
}

/** The elements of what is signed are changed, and then it is signed again: past the signature lies the rest. */
function signedAnew(whole: Uint8Array, key: KeyPair, { certificates }: Seeds, random: Random): Uint8Array {
  const tbs = mutateElements(tbsOf(whole), random, tbsOf(random.pick(certificates)));
  return der.sequence(tbs, algorithmOf(key, 'sha256'), der.bitString(signWith(key, 'sha256', tbs)));
}

function tbsOf(whole: Uint8Array): Uint8Array {
  try {
    return parseCertificate(whole).tbs;
  } catch (error) {
    if (!(error instanceof PkixdError)) throw error;
    return whole;
  }
}

const BASES: readonly BaseProfile[] = ['rfc5280', 'rfc5280-strict', 'webpki', 'webpki-strict'];

/** The valid chain with one part changed: leaf, CA, root, and then its CRLs. */
function asked(seeds: Seeds, random: Random, place: number, bytes: Uint8Array): Input {
  const parts: Uint8Array[] = [seeds.leaf.der, seeds.ca.der, seeds.root.der, ...seeds.crls];
  parts[place] = bytes;
  const [leaf = bytes, ca = bytes, root = bytes, ...crls] = parts;
  const request = {
    certificates: [leaf, ca],
    crls,
    anchors: [root],
    revocation: random.pick(['off', 'hard', 'soft'] as const),
    ...(random.below(2) === 0 && { hosts: ['a.example'], purpose: 'serverAuth' }),
    ...(random.below(2) === 0 && { policy: { explicit: true } }),
  };
  // With a fresh memory each time, so that every run pays for its keys and signatures.
  const base = random.pick(BASES);
  // Explaining reads what verifying need not, and shows it.
  if (random.below(2) === 0) return { bytes, run: () => void verify(request, environmentOf(base)) };
  return {
    bytes,
    run: () => {
      const explanation = explainRequest(request, environmentOf(base));
      explanationLines(explanation);
      JSON.stringify(explanationJson(explanation));
    },
  };
}

const NO_ANCHORS = new TrustStore([]);

export function environmentOf(base: BaseProfile): VerifyEnvironment {
  const profile: Profile = {
    rules: BASE_RULES[base],
    anchors: NO_ANCHORS,
    revocation: 'hard',
    purpose: null,
    crlMaxAge: null,
    maxIntermediates: null,
    trustLeaf: false,
  };
  return {
    profiles: new Map([['fuzz', profile]]),
    defaultProfile: 'fuzz',
    crls: { find: () => [] },
    crlGrace: 0,
    memory: new CaMemory(),
    now: Date.now,
  };
}

const LISTENER = {
  limits: { maxLine: 65_536, maxSize: 8_388_608, maxCertificates: 64, maxCrls: 64 },
  maxInFlight: 64,
  permits: new Set(['profiles', 'crls', 'at', 'anchors', 'revocation', 'status']),
};

/** What the event loop does with a client's bytes, and the thread with the bodies that it lets through. */
function readMessages(pieces: readonly Uint8Array[]): void {
  const session = msgpackProtocol.open(LISTENER);
  for (const piece of pieces) {
    session.receive(Buffer.from(piece));
    for (let event = session.next?.(); event && event.kind !== 'close'; event = session.next?.()) {
      if (event.kind === 'task' && !event.refusal?.()) toVerifyRequest(decode(event.task.body));
    }
  }
  session.end();
}
