import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, test } from '@jest/globals';
import { Logger } from '../../../src/log.js';
import { findGroup, workerCredentials } from '../../../src/supervisor/host/credentials.js';
import { closeListeners, openListeners } from '../../../src/supervisor/listen/listeners.js';
import { asRoot } from '../../component.js';
import { fakeListener } from '../fake-listener.js';
import { TestServer } from '../server.js';

const testAsRoot = asRoot();

let server: TestServer | undefined;
afterEach(() => server?.remove());

test('without user and group workers have the rights of the primary', () => {
  expect(workerCredentials('', '')).toBeUndefined();
});

testAsRoot('user and group are found by name and by number, and what is not there is told', () => {
  const nobody = workerCredentials('nobody', '');
  expect(nobody?.uid).toBeGreaterThan(0);
  expect(workerCredentials(String(nobody?.uid), 'root')).toEqual({ uid: nobody?.uid, gid: 0 });
  expect(findGroup('54321')).toBe(54_321);
  expect(() => workerCredentials('no such user', '')).toThrow(/no user "no such user"/);
  expect(() => workerCredentials('--help', '')).toThrow(/no user "--help"/);
  expect(() => findGroup('no such group')).toThrow(/no group "no such group"/);
});

/** The effective ids and the groups of a process. */
function rightsOf(pid: number): { readonly uid: number; readonly gid: number; readonly groups: string } {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  const [, uid] = /^Uid:\t\d+\t(\d+)/m.exec(status) ?? [];
  const [, gid] = /^Gid:\t\d+\t(\d+)/m.exec(status) ?? [];
  const [, groups = ''] = /^Groups:\t(.*)$/m.exec(status) ?? [];
  return { uid: Number(uid), gid: Number(gid), groups: groups.trim() };
}

testAsRoot(
  'workers give up the rights of root, its further groups too, and the primary keeps them',
  async () => {
    // The group alone: the folder of this checkout may be closed to other users.
    server = new TestServer({}, { 'workers.group': '54321' });
    await server.start();
    const { pid, workers } = await server.status();
    for (const worker of workers) expect(rightsOf(worker.pid)).toEqual({ uid: 0, gid: 54_321, groups: '' });
    expect(rightsOf(pid).gid).toBe(process.getegid?.());
  },
);

testAsRoot('a UNIX socket gets the group it is configured with', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'pkixd-'));
  const path = join(folder, 'a.sock');
  const { config } = fakeListener('unix');
  const address = { kind: 'unix', path } as const;
  const silent = new Logger('error', 'test', () => undefined);
  const listeners = await openListeners(
    [{ ...config, address, mode: 0o660, group: '54321' }],
    () => undefined,
    silent,
  );
  const { gid, mode } = statSync(path);
  closeListeners(listeners);
  rmSync(folder, { recursive: true });
  expect([gid, mode & 0o777]).toEqual([54_321, 0o660]);
});
