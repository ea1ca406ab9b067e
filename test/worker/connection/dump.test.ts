import { expect, test } from '@jest/globals';
import { type LogRecord, Logger } from '../../../src/log.js';
import { dump } from '../../../src/worker/connection/dump.js';
import { arrive, connect } from '../connection-scene.js';

async function dumped(...scenes: readonly ReturnType<typeof connect>[]): Promise<readonly LogRecord[]> {
  const records: LogRecord[] = [];
  const log = new Logger('info', 'test', (record) => records.push(record));
  await dump(
    scenes.map(({ connection }) => connection),
    log,
  );
  return records;
}

test('a dump tells of each connection, and of each request where it is and for how long', async () => {
  const scene = connect();
  scene.connection.start();
  scene.theirs.write('one\ntwo\nhal');
  await arrive();
  scene.clock.advance(40);
  const [first, second] = scene.tasks;
  if (second) second.request.stage = 'in a thread';
  const records = await dumped(scene);
  expect(records.map(({ message }) => message)).toEqual([
    'dump: connection',
    'dump: request',
    'dump: request',
    'dump: done',
  ]);
  expect(records[0]?.fields).toMatchObject({
    listener: 'test',
    peer: '192.0.2.1 4711',
    protocol: 'echo',
    ageMs: 40,
    taken: 2,
    unanswered: 2,
    phase: 'reading',
  });
  const age = { ageMs: 40, attempt: 1, peer: '192.0.2.1 4711' };
  expect(records[1]?.fields).toMatchObject({ ...age, task: first?.task.name, stage: 'queued' });
  expect(records[2]?.fields).toMatchObject({ ...age, stage: 'in a thread' });
});

test('connections that are closed are passed over', async () => {
  const scene = connect();
  scene.connection.start();
  scene.connection.destroy();
  await arrive();
  expect((await dumped(scene)).map(({ message }) => message)).toEqual(['dump: done']);
});

test('thousands of connections are written in turns, so that others get theirs', async () => {
  const scenes = Array.from({ length: 600 }, () => connect());
  let turns = 0;
  const count = (): void => {
    turns += 1;
    if (turns < 1000) setImmediate(count);
  };
  setImmediate(count);
  expect(await dumped(...scenes)).toHaveLength(601);
  expect(turns).toBeGreaterThanOrEqual(2);
});
