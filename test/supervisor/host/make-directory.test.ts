import { mkdtempSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { makeDirectory } from '../../../src/supervisor/host/make-directory.js';

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'pkixd-test-'));
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

test('a directory is made with every missing one above it, and left alone when it is there', () => {
  const path = join(root, 'a/b/c');
  makeDirectory(path, 0o700);
  makeDirectory(path);
  expect(statSync(path).mode & 0o777).toBe(0o700);
});

test('where nothing can be made it fails and does not try for ever', () => {
  expect(() => makeDirectory('/proc/nothing/here')).toThrow('ENOENT');
});

test('a file or a dangling link in the way is an error', () => {
  writeFileSync(join(root, 'file'), '');
  symlinkSync(join(root, 'nowhere'), join(root, 'link'));
  expect(() => makeDirectory(join(root, 'file'))).toThrow('EEXIST');
  expect(() => makeDirectory(join(root, 'file/below'))).toThrow('ENOTDIR');
  expect(() => makeDirectory(join(root, 'link/below'))).toThrow('EEXIST');
});
