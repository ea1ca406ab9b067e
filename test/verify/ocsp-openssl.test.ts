import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect } from '@jest/globals';
import type { Verdict } from '../../src/wire/verdict.js';
import { withComponent } from '../component.js';
import { createResponder } from '../pki/ocsp.js';
import { createCrl, createIntermediate, createLeaf, createRoot, type Issued, pemOf } from '../pki/pki.js';
import { ask } from './scene.js';

const testWithOpenssl = withComponent('openssl');
const root = createRoot();
const ca = createIntermediate(root, { key: 'rsa-2048' });
const good = createLeaf(ca, { serial: 0x1001 });
const revoked = createLeaf(ca, { serial: 0x1002 });
const stranger = createLeaf(ca, { serial: 0x1003 });
const responder = createResponder(ca);

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'pkixd-ocsp-'));
  for (const [name, { pem, key }] of Object.entries({ ca, good, revoked, stranger, responder })) {
    writeFileSync(join(folder, `${name}.pem`), pem);
    const pkcs8 = key.privateKey.export({ type: 'pkcs8', format: 'der' });
    writeFileSync(join(folder, `${name}.key`), pemOf('PRIVATE KEY', pkcs8));
  }
  // The database of openssl ca: status, expiry, revocation with its reason, serial, file, subject.
  const rows = [
    ['V', '491231000000Z', '', '1001', 'unknown', '/CN=leaf.example'],
    ['R', '491231000000Z', '260102030405Z,keyCompromise', '1002', 'unknown', '/CN=leaf.example'],
  ];
  writeFileSync(join(folder, 'index.txt'), rows.map((row) => `${row.join('\t')}\n`).join(''));
});
afterAll(() => rmSync(folder, { recursive: true }));

function openssl(...words: readonly string[]): void {
  const { status, stderr } = spawnSync('openssl', ['ocsp', ...words], { cwd: folder, encoding: 'utf8' });
  if (status !== 0) throw new Error(stderr);
}

/** What `openssl ocsp` answers as a responder; `words` go to it beside the signer. */
function answerOf(subject: string, signer: string, ...words: readonly string[]): Buffer {
  return answerBy('sha1', subject, signer, ...words);
}

/** The same to a request whose CertID is made with this hash: the answer repeats it. */
function answerBy(hash: string, subject: string, signer: string, ...words: readonly string[]): Buffer {
  openssl(`-${hash}`, '-issuer', 'ca.pem', '-cert', `${subject}.pem`, '-reqout', 'request.der', '-no_nonce');
  const database = ['-index', 'index.txt', '-CA', 'ca.pem', '-reqin', 'request.der'];
  const signing = ['-rsigner', `${signer}.pem`, '-rkey', `${signer}.key`];
  openssl(...database, ...signing, '-respout', 'response.der', ...words);
  return readFileSync(join(folder, 'response.der'));
}

function verdictOn(leaf: Issued, ocsp: Uint8Array): Verdict {
  const scene = { anchors: [root], stored: [createCrl(root).der], now: Date.now() };
  return ask(scene, [leaf, ca], { revocation: 'hard', ocsp: [ocsp] });
}

const WEEK = ['-ndays', '7'];

testWithOpenssl('a response that openssl signs with the CA or a delegate clears the leaf', () => {
  for (const signer of ['ca', 'responder']) {
    const answers = [
      answerOf('good', signer, ...WEEK),
      answerOf('good', signer, ...WEEK, '-resp_key_id'),
      answerOf('good', signer, ...WEEK, '-rmd', 'sha384'),
      answerBy('sha256', 'good', signer, ...WEEK),
    ];
    for (const answer of answers) {
      const { code, message, revocation } = verdictOn(good, answer);
      expect({ code, message }).toMatchObject({ code: 'OK' });
      expect(revocation[0]).toMatchObject({ source: 'ocsp', state: 'good' });
    }
  }
});

testWithOpenssl('a response that openssl signs on a revoked leaf revokes it', () => {
  const verdict = verdictOn(revoked, answerOf('revoked', 'responder', ...WEEK));
  expect(verdict.code).toBe('REVOKED');
  expect(verdict.revocation[0]).toMatchObject({ date: '2026-01-02T03:04:05.000Z', reason: 'keyCompromise' });
});

testWithOpenssl(
  'what else it answers clears nothing: unknown, no nextUpdate, another signer, a bad signature',
  () => {
    expect(verdictOn(stranger, answerOf('stranger', 'responder', ...WEEK)).code).toBe('OCSP_UNKNOWN');
    expect(verdictOn(good, answerOf('good', 'responder')).code).toBe('OCSP_STALE');
    expect(verdictOn(good, answerOf('good', 'revoked', ...WEEK)).code).toBe('OCSP_UNUSABLE');
    expect(verdictOn(good, answerOf('good', 'responder', ...WEEK, '-badsig')).code).toBe('OCSP_UNUSABLE');
    expect(verdictOn(revoked, answerOf('good', 'responder', ...WEEK)).code).toBe('CRL_NONE');
  },
);
