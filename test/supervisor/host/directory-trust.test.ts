import { chmodSync, lchownSync, chownSync, mkdirSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { directoryTrouble, self } from '../../../src/supervisor/host/directory-trust.js';
import { asRoot } from '../../component.js';

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'pkixd-trust-'));
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

function directory(mode: number, owner?: readonly [uid: number, gid: number]): string {
  const path = mkdtempSync(join(root, 'one-'));
  if (owner !== undefined) chownSync(path, ...owner);
  chmodSync(path, mode);
  return path;
}

test.each([
  [0o700, undefined],
  [0o755, undefined],
  [0o777, /every user may write/],
  [0o1777, /every user may write/],
] as const)('a directory of mode %o', (mode, trouble) => {
  const path = directory(mode);
  if (trouble === undefined) expect(directoryTrouble(path, self())).toBeUndefined();
  else expect(directoryTrouble(path, self())).toMatch(trouble);
});

test('where others may only have files beside ours, that can be enough', () => {
  expect(directoryTrouble(directory(0o1777), self(), 'sticky')).toBeUndefined();
  expect(directoryTrouble(directory(0o777), self(), 'sticky')).toMatch(/every user/);
});

asRoot()('a directory of another user, of a group, and behind a link of another user', () => {
  expect(directoryTrouble(directory(0o755, [65_534, 65_534]), self())).toMatch(/belongs to user 65534/);
  expect(directoryTrouble(directory(0o775, [0, 65_534]), self())).toMatch(/group 65534 may write/);
  expect(directoryTrouble(directory(0o775, [0, 0]), self())).toBeUndefined();
  const me = { uid: 1000, gid: 1000 };
  expect(directoryTrouble(directory(0o775, [1000, 1000]), me)).toBeUndefined();
  expect(directoryTrouble(directory(0o775, [1000, 100]), me)).toMatch(/group 100 may write/);
  expect(directoryTrouble(directory(0o755, [0, 0]), me)).toBeUndefined();
  const target = join(root, 'target');
  mkdirSync(target);
  const link = join(root, 'link');
  symlinkSync(target, link);
  expect(directoryTrouble(link, self())).toBeUndefined();
  lchownSync(link, 65_534, 65_534);
  expect(directoryTrouble(link, self())).toMatch(/link that belongs to user 65534/);
});
