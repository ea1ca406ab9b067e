import { WARM_UP_DOMAIN, WARM_UP_PKI } from '../warm-up-pki.js';
import { encode } from '../wire/codec.js';
import { encodeMessage, MESSAGE } from '../wire/message.js';
import type { VerifyRequest } from '../wire/request.js';
import { encodeVerdict } from '../wire/verdict-encoder.js';

/** An ordinary request in each protocol, and an ordinary verdict: see `Example`. */
const { leaves, intermediate } = WARM_UP_PKI.rsa;
const CHAIN = [leaves.full, intermediate];
const PEM = CHAIN.map(
  (base64) => `-----BEGIN CERTIFICATE-----\n${folded(base64)}-----END CERTIFICATE-----\n`,
);
const DER = CHAIN.map((base64) => Buffer.from(base64, 'base64'));
const FINGERPRINT = '0'.repeat(64);
const TIME = '2025-01-01T00:00:00.000Z';
const EVIDENCE = {
  cert: FINGERPRINT,
  source: 'the warm-up',
  thisUpdate: TIME,
  nextUpdate: TIME,
  number: '1',
  state: 'good',
} as const;

export const EXAMPLE_OUTCOME = encodeVerdict({
  status: 'valid',
  code: 'OK',
  message: 'the path holds',
  subject: 'CN=leaf',
  issuer: 'CN=issuer',
  serial: '01',
  path: [FINGERPRINT, FINGERPRINT, FINGERPRINT],
  revocation: [EVIDENCE, EVIDENCE],
  policies: [],
  checkedAt: TIME,
  validUntil: TIME,
});

export function exampleLines(id: number, variant: number): Buffer {
  return Buffer.from(
    `VERIFY id=${id} purpose=serverAuth host=${hostOf(variant)}\r\n${PEM.join('')}.\n`,
    'latin1',
  );
}

export function exampleMessage(id: number, variant: number): Buffer {
  const request: Partial<VerifyRequest> = {
    certificates: DER,
    hosts: [hostOf(variant)],
    purpose: 'serverAuth',
  };
  return encodeMessage(MESSAGE.verify, id, 0, encode(request));
}

function hostOf(variant: number): string {
  return `host${variant}.${WARM_UP_DOMAIN}`;
}

function folded(base64: string): string {
  return base64.replaceAll(/.{1,64}/g, '$&\n');
}
