import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, expect } from '@jest/globals';
import { testWithData } from '../component.js';
import { pemOf } from '../pki/pki.js';
import { TestServer } from './test-server.js';

interface Case {
  readonly id: string;
  readonly time: string;
  readonly leaf: string;
  readonly intermediates: readonly string[];
  readonly trustAnchors: readonly string[];
  readonly params: { readonly peerName: { readonly kind: string; readonly value: string } };
  readonly expected: string;
}

let server: TestServer;
beforeAll(async () => {
  server = await TestServer.startPatient();
});
afterAll(async () => {
  await server.stop();
});

function request({ id, time, leaf, intermediates, trustAnchors, params }: Case): string {
  const at = new Date(time).toISOString();
  const pem = (certificates: readonly string[]): string =>
    certificates.map((base64) => pemOf('CERTIFICATE', Buffer.from(base64, 'base64'))).join('');
  const words = `id=${id} profile=webpki purpose=serverAuth host=${params.peerName.value} at=${at} revocation=off`;
  return `VERIFY ${words}\n${pem([leaf, ...intermediates])}anchors:\n${pem(trustAnchors)}.\n`;
}

testWithData('the real chains of x509-limbo verify over TCP, pipelined', 'x509-limbo.json', async (path) => {
  const suite = JSON.parse(readFileSync(path, 'utf8')) as { cases: Case[] };
  const cases = suite.cases.filter(({ id }) => id.startsWith('limbo::online::'));
  expect(cases.length).toBeGreaterThan(5);
  const answers = await server.talk(cases.map(request).join(''));
  const heads = answers
    .trimEnd()
    .split('\n')
    .map((line) => line.split(' ', 2).join(' '));
  expect(heads).toEqual(cases.map(({ id, expected }) => `${id} ${expected}`));
});
