import dns from 'node:dns';
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { type AddressInfo, connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, jest, test } from '@jest/globals';
import type { ListenerConfig } from '../../../src/config/config.js';
import { Logger } from '../../../src/log.js';
import { closeListeners, openListeners } from '../../../src/supervisor/listen/listeners.js';
import { until } from '../../until.js';

/** The group that new files of this process have. */
const OWN_GROUP = execFileSync('id', ['-gn'], { encoding: 'utf8' }).trim();
const REST = { permits: [], mode: 0o600, group: '', backlog: 128, protocol: 'line', tls: null } as const;

test('who connects to a socket that was passed in is taken, however long another listener takes to open', async () => {
  const passed = createServer().listen(0, '127.0.0.1');
  await once(passed, 'listening');
  const { port } = passed.address() as AddressInfo;
  const client = connect(port, '127.0.0.1');
  const own: ListenerConfig = { ...REST, name: 'own', address: { kind: 'tcp', host: 'localhost', port: 0 } };
  const theirs: ListenerConfig = {
    ...REST,
    name: 'passed',
    address: { kind: 'tcp', host: '127.0.0.1', port },
  };
  const taken: string[] = [];
  // The name of `own` is not found before the client is taken.
  const look = dns.lookup.bind(dns);
  const lookup = jest.spyOn(dns, 'lookup').mockImplementation((...args: Parameters<typeof look>) => {
    void until(
      () => taken,
      () => taken.length > 0,
    ).finally(() => look(...args));
  });
  const listeners = await openListeners(
    [own, theirs],
    (handle, { config }) => {
      taken.push(config.name);
      handle.close();
    },
    new Logger('error', 'test', () => undefined),
    { take: ({ name }) => (name === 'passed' ? passed : undefined) },
  );
  lookup.mockRestore();
  expect(taken).toEqual(['passed']);
  expect(listeners.map(({ config }) => config.name)).toEqual(['own', 'passed']);
  client.destroy();
  closeListeners(listeners);
});

test.each([
  [
    'for all, in a private folder',
    0o666,
    '',
    0o700,
    /other users, who cannot reach it: its folder has mode 0700/,
  ],
  ['for a group, in a private folder', 0o660, OWN_GROUP, 0o700, /group \d+, who cannot reach it/],
  ['for a group, in its own folder', 0o660, OWN_GROUP, 0o710, undefined],
  ['for all, in an open folder', 0o666, '', 0o711, undefined],
  ['of the default mode, in a private folder', 0o660, '', 0o700, undefined],
])('a socket %s: the start says whether they can reach it', async (_, mode, group, folderMode, told) => {
  const folder = mkdtempSync(join(tmpdir(), 'pkixd-listen-'));
  chmodSync(folder, folderMode);
  const warnings: string[] = [];
  const config: ListenerConfig = {
    ...REST,
    name: 'socket',
    mode,
    group,
    address: { kind: 'unix', path: join(folder, 'socket') },
  };
  const log = new Logger('warn', 'test', ({ message }) => warnings.push(message));
  closeListeners(await openListeners([config], (handle) => handle.close(), log));
  const closed = warnings.filter((message) => message.includes('cannot reach it'));
  expect(closed).toEqual(told === undefined ? [] : [expect.stringMatching(told)]);
  rmSync(folder, { recursive: true });
});
