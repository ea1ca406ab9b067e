import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { afterEach, expect, test } from '@jest/globals';
import { TestServer } from './server.js';

let server: TestServer;
afterEach(() => server.remove());

const descriptors = (): number => readdirSync(`/proc/${server.primary?.pid}/fd`).length;

/** Ports that any process listens on or is bound to; hexadecimal, as /proc has them. */
const bound = (table: string): string => readFileSync(`/proc/net/${table}`, 'utf8');
const hex = (port: number): string => port.toString(16).toUpperCase().padStart(4, '0');

/** A port that the tests use for nothing else. */
const PORT = 20_781;

test.each([
  ['listen', String(PORT)],
  ['listen', 'PATH'],
  ['listen on a descriptor', '0'],
  ['bind', String(PORT)],
  ['leak', ''],
  ['talk', ''],
  ['disconnect', ''],
  ['forge', 'queryServer'],
  ['forge', 'listening'],
  ['forge', 'close'],
  ['forge', 'constructor'],
])(
  'a worker that tries to %s %s gets nothing, is killed and replaced, and the others serve on',
  async (what, argument) => {
    server = new TestServer();
    await server.start();
    const path = server.path('planted.sock');
    const [client, other] = [await server.connect('tcp'), await server.connect('tcp')];
    const [attacked, bystander] = [await client.ask('who'), await other.ask('who')];
    expect(attacked).not.toBe(bystander);
    const before = descriptors();
    client.send(`attack ${what}: ${argument.replace('PATH', path)}`);
    await server.until(async () => {
      const { workers, restarts } = await server.status();
      return restarts === 1 && workers.filter(({ state }) => state === 'ready').length === 2;
    }, 'the worker was replaced');
    expect(server.log.some(({ fields }) => /no worker asks for/.test(String(fields['reason'])))).toBe(true);
    expect(existsSync(path)).toBe(false);
    expect(bound('tcp')).not.toContain(`:${hex(PORT)} 00000000:0000 0A`);
    expect(bound('udp')).not.toContain(`:${hex(PORT)} `);
    // Those of the old worker are closed with it, and the new one has as many.
    await server.until(() => descriptors() <= before, 'no descriptor was left');
    expect(await other.ask('who')).toBe(bystander);
    for (const each of [client, other]) each.close();
  },
);
