import {
  constants,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
  sign,
} from 'node:crypto';
import { DerReader, TAG } from '../../src/x509/der.js';
import { OID } from '../../src/x509/oid.js';
import type { PostQuantumKind } from '../../src/x509/post-quantum.js';
import * as der from './der-builder.js';

type ClassicKeyType = 'rsa-2048' | 'rsa-pss' | 'p-256' | 'p-384' | 'p-521' | 'dsa-1024' | 'ed25519' | 'ed448';
/** The post-quantum ones can be made only where Node has them. */
export type KeyType = ClassicKeyType | PostQuantumKind;
/** For RSA, ECDSA and DSA; the others have their own. */
export type Digest = 'sha1' | 'sha224' | 'sha256' | 'sha384' | 'sha512';

export interface KeyPair {
  readonly type: KeyType;
  readonly privateKey: KeyObject;
  readonly publicKey: KeyObject;
  /** SubjectPublicKeyInfo. */
  readonly spki: der.Der;
}

const RSA = {
  sha1: OID.sha1WithRsa,
  sha224: OID.sha224WithRsa,
  sha256: OID.sha256WithRsa,
  sha384: OID.sha384WithRsa,
  sha512: OID.sha512WithRsa,
} as const;
const ECDSA = {
  sha1: OID.ecdsaWithSha1,
  sha224: OID.ecdsaWithSha224,
  sha256: OID.ecdsaWithSha256,
  sha384: OID.ecdsaWithSha384,
  sha512: OID.ecdsaWithSha512,
} as const;
const SALT_LENGTH = { sha1: 20, sha224: 28, sha256: 32, sha384: 48, sha512: 64 } as const;

/** RSASSA-PSS-params (RFC 4055 §3.1), the salt as long as the digest. */
export function pssParameters(digest: Exclude<Digest, 'sha1'>, mgfDigest = digest): der.Der {
  const hash = (name: Exclude<Digest, 'sha1'>): der.Der => der.sequence(der.oid(OID[name]), der.derNull());
  return der.sequence(
    der.explicit(0, hash(digest)),
    der.explicit(1, der.sequence(der.oid(OID.mgf1), hash(mgfDigest))),
    der.explicit(2, der.integer(SALT_LENGTH[digest])),
  );
}

type Pair = Pick<KeyPair, 'privateKey' | 'publicKey'>;

/** How a type of key is made and signs. */
interface Scheme {
  readonly generate: () => Pair;
  readonly algorithm: (digest: Digest) => der.Der;
  readonly sign: (digest: Digest, data: der.Der, privateKey: KeyObject) => der.Der;
}

/** id-RSASSA-PSS is not used with SHA-1 here. */
const pssDigest = (digest: Digest): Exclude<Digest, 'sha1'> => (digest === 'sha1' ? 'sha256' : digest);

/** There is none with SHA-384 or SHA-512 here. */
const dsaDigest = (digest: Digest): 'sha1' | 'sha256' => (digest === 'sha1' ? 'sha1' : 'sha256');
const DSA = { sha1: OID.dsaWithSha1, sha256: OID.dsaWithSha256 } as const;

const ec = (namedCurve: string): Scheme => ({
  generate: () => generateKeyPairSync('ec', { namedCurve }),
  algorithm: (digest) => der.sequence(der.oid(ECDSA[digest])),
  sign,
});

const SCHEMES: Readonly<Record<ClassicKeyType, Scheme>> = {
  'rsa-2048': {
    generate: () => generateKeyPairSync('rsa', { modulusLength: 2048 }),
    algorithm: (digest) => der.sequence(der.oid(RSA[digest]), der.derNull()),
    sign,
  },
  'rsa-pss': {
    generate: () => generateKeyPairSync('rsa-pss', { modulusLength: 2048 }),
    algorithm: (digest) => der.sequence(der.oid(OID.rsassaPss), pssParameters(pssDigest(digest))),
    sign: (digest, data, key) => {
      const padding = constants.RSA_PKCS1_PSS_PADDING;
      return sign(pssDigest(digest), data, { key, padding, saltLength: SALT_LENGTH[pssDigest(digest)] });
    },
  },
  'p-256': ec('prime256v1'),
  'p-384': ec('secp384r1'),
  'p-521': ec('secp521r1'),
  'dsa-1024': {
    generate: () => generateKeyPairSync('dsa', { modulusLength: 1024, divisorLength: 160 }),
    algorithm: (digest) => der.sequence(der.oid(DSA[dsaDigest(digest)])),
    sign: (digest, data, key) => sign(dsaDigest(digest), data, key),
  },
  ed25519: {
    generate: () => generateKeyPairSync('ed25519'),
    algorithm: () => der.sequence(der.oid(OID.ed25519)),
    sign: (_digest, data, key) => sign(null, data, key),
  },
  ed448: {
    generate: () => generateKeyPairSync('ed448'),
    algorithm: () => der.sequence(der.oid(OID.ed448)),
    sign: (_digest, data, key) => sign(null, data, key),
  },
};

/** RFC 9881 §2 and RFC 9909 §3, by the last arc of the OID. */
const POST_QUANTUM: Readonly<Record<PostQuantumKind, number>> = {
  'ml-dsa-44': 17,
  'ml-dsa-65': 18,
  'ml-dsa-87': 19,
  'slh-dsa-sha2-128s': 20,
  'slh-dsa-sha2-128f': 21,
  'slh-dsa-sha2-192s': 22,
  'slh-dsa-sha2-192f': 23,
  'slh-dsa-sha2-256s': 24,
  'slh-dsa-sha2-256f': 25,
  'slh-dsa-shake-128s': 26,
  'slh-dsa-shake-128f': 27,
  'slh-dsa-shake-192s': 28,
  'slh-dsa-shake-192f': 29,
  'slh-dsa-shake-256s': 30,
  'slh-dsa-shake-256f': 31,
};
// oxlint-disable-next-line typescript/no-unsafe-type-assertion -- its types are those of Node 20
const generatePostQuantum = generateKeyPairSync as unknown as (type: PostQuantumKind) => Pair;
const isClassic = (type: KeyType): type is ClassicKeyType => type in SCHEMES;

function schemeOf(type: KeyType): Scheme {
  if (isClassic(type)) return SCHEMES[type];
  return {
    generate: () => generatePostQuantum(type),
    algorithm: () => der.sequence(der.oid(postQuantumOid(type))),
    sign: (_digest, data, key) => sign(null, data, key),
  };
}

export const POST_QUANTUM_KINDS = Object.keys(POST_QUANTUM) as PostQuantumKind[];

export function postQuantumOid(kind: PostQuantumKind): string {
  return `2.16.840.1.101.3.4.3.${POST_QUANTUM[kind]}`;
}

export function newKey(type: KeyType): KeyPair {
  const { privateKey, publicKey } = schemeOf(type).generate();
  return { type, privateKey, publicKey, spki: publicKey.export({ type: 'spki', format: 'der' }) };
}

/** The AlgorithmIdentifier with which `key` signs. */
export function algorithmOf(key: KeyPair, digest: Digest): der.Der {
  return schemeOf(key.type).algorithm(digest);
}

export function signWith(key: KeyPair, digest: Digest, data: der.Der): der.Der {
  return schemeOf(key.type).sign(digest, data, key.privateKey);
}

/** A DSA key with the parameters of `relative`, but none in its SubjectPublicKeyInfo: RFC 3279 §2.3.2. */
export function inheritingKey(relative: KeyPair, secret: bigint): KeyPair {
  const r = new DerReader(relative.spki);
  r.enter(TAG.sequence, 'spki');
  const end = r.enter(TAG.sequence, 'algorithm');
  r.oid('algorithm');
  r.next('parameters');
  const parameters = Buffer.from(r.element());
  r.leave(end, 'algorithm');
  const pkcs8 = der.sequence(
    der.integer(0),
    der.sequence(der.oid(OID.dsa), parameters),
    der.octetString(der.integer(secret)),
  );
  const privateKey = createPrivateKey({ key: Buffer.from(pkcs8), format: 'der', type: 'pkcs8' });
  const publicKey = createPublicKey(privateKey);
  const whole = new DerReader(publicKey.export({ type: 'spki', format: 'der' }));
  whole.enter(TAG.sequence, 'spki');
  whole.next('algorithm');
  whole.octetsAsBits('key');
  const spki = der.sequence(der.sequence(der.oid(OID.dsa)), der.bitString(whole.content()));
  return { type: relative.type, privateKey, publicKey, spki };
}
