// @slow: runs for long and seldom breaks, so that one version of Node is enough.
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { connectTo } from './sharing-host.js';
import { array, bulk, HostileRedis, line } from './hostile-redis.js';

type Link = Awaited<ReturnType<typeof connectTo>>;

let redis: HostileRedis;
const links: Link[] = [];
const uncaught: unknown[] = [];
const note = (thrown: unknown): void => void uncaught.push(thrown);
beforeEach(async () => {
  uncaught.length = 0;
  process.on('uncaughtException', note);
  process.on('unhandledRejection', note);
  redis = await HostileRedis.start();
});
afterEach(async () => {
  for (const { connection } of links.splice(0)) connection.close();
  await redis.stop();
  process.off('uncaughtException', note);
  process.off('unhandledRejection', note);
});

async function connect(): Promise<Link> {
  const link = await connectTo(redis.url);
  links.push(link);
  return link;
}

const nested = (depth: number): Buffer =>
  Buffer.concat([...Array.from({ length: depth }, () => line('*1')), line(':1')]);

/** Invalid answers, in the types of RESP2 and RESP3. */
const HOSTILE: readonly (readonly [string, Buffer])[] = [
  ['null', line('$-1')],
  ['a null array', line('*-1')],
  ['a null of RESP3', line('_')],
  ['no time', array(bulk(''), bulk(''))],
  ['words', array(bulk('now'), bulk('then'))],
  ['NaN', array(bulk('NaN'), bulk('NaN'))],
  ['infinity', array(bulk('Infinity'), bulk('0'))],
  ['a time of many digits', array(bulk('9'.repeat(40)), bulk('0'))],
  ['a time beyond all', array(bulk('9999999999999'), bulk('0'))],
  ['a negative time', array(bulk('-1'), bulk('-1'))],
  ['a float', array(bulk('1.5'), bulk('2e3'))],
  ['hexadecimal', array(bulk('0x10'), bulk('0b1'))],
  ['one element', array(bulk('1'))],
  ['four elements', array(bulk('1'), bulk('2'), bulk('3'), bulk('4'))],
  ['elements of null', array(line('$-1'), line('$-1'))],
  ['an empty array', line('*0')],
  ['an array in an array', array(array(bulk('1')), bulk('1'))],
  ['an array 50,000 deep', nested(50_000)],
  ['an array without end', line('*4294967295')],
  ['an array of many', line('*30000000')],
  ['a negative length', line('$-2')],
  ['a length of many digits', line(`$${'9'.repeat(25)}`)],
  ['a length in words', line('$many')],
  ['a bulk string of half a gigabyte', line('$500000000')],
  ['a line without end', Buffer.from(`+${'x'.repeat(200_000)}`)],
  ['a CR alone', Buffer.from('+O\rK\r\n')],
  ['a status', line('+OK')],
  ['an integer', line(':7')],
  ['a word as an integer', line(':seven')],
  ['a number of many digits', line(`:${'9'.repeat(500)}`)],
  ['an error', line('-ERR no')],
  ['an error of no words', line('-')],
  ['an error of RESP3', Buffer.from('!5\r\nERR x\r\n')],
  ['a double', line(',nan')],
  ['a big number', line('(123456789012345678901234567890')],
  ['a boolean', line('#t')],
  ['a verbatim string', Buffer.from('=7\r\ntxt:abc\r\n')],
  ['a map', Buffer.from('%1\r\n+a\r\n:1\r\n')],
  ['a set', Buffer.from('~1\r\n:1\r\n')],
  ['a push', Buffer.from('>3\r\n+message\r\n_\r\n_\r\n')],
  ['a push of nothing', Buffer.from('>1\r\n_\r\n')],
  ['a message', array(bulk('message'), line('$-1'), line('$-1'))],
  ['three answers', Buffer.concat([line('$-1'), line('$-1'), line('$-1')])],
  ['what is not RESP', Buffer.from('HTTP/1.1 200 OK\r\n\r\n')],
  ['zeros', Buffer.alloc(2000)],
  ['nothing', Buffer.alloc(0)],
];
const body = { id: '0'.repeat(32), size: 4 };
const crl = { thisUpdate: 1, nextUpdate: null, number: null, content: null };
const URL = 'http://crl.example/';

/** What is asked of the share, each by the commands that it takes. */
const ASKED: Readonly<Record<string, (link: Link) => Promise<unknown>>> = {
  look: ({ share }) => share.look(URL),
  read: ({ share }) => share.read({ ...crl, answeredAt: 0, body }, performance.now() + 60_000),
  acquireLease: ({ share }) => share.acquireLease(URL),
  releaseLease: ({ share }) => share.releaseLease(URL),
  stage: ({ share }) => share.stage(new Uint8Array(5)),
  publish: ({ share }) => share.publish(URL, crl, { id: body.id, size: 4 }),
  subscribe: ({ connection }) => connection.run((client) => client.subscribe('c')),
  ping: ({ connection }) => connection.run((client) => client.ping()),
};

test.each(HOSTILE)(
  'whatever is answered with %s, nothing of it is believed and nothing dies',
  async (_, hostile) => {
    const asking = await Promise.all(
      Object.entries(ASKED).map(async ([name, ask]) => ({ name, ask, link: await connect() })),
    );
    redis.answer = ({ name }, honest) =>
      name === 'client' || name === 'info' ? { pieces: [honest] } : { pieces: [hostile], ends: true };
    const answers = await Promise.all(asking.map(async ({ name, ask, link }) => [name, await ask(link)]));
    const { look, read } = Object.fromEntries(answers) as Record<string, unknown>;
    expect({ look, read }).toEqual({});
    await settled();
    expect(uncaught).toEqual([]);
  },
);

test.each(HOSTILE)('%s unasked, and to one who has subscribed', async (_, hostile) => {
  const messages: string[] = [];
  const [plain, subscribed] = await Promise.all([connect(), connect()]);
  await subscribed.connection.run((client) => client.subscribe('c'));
  for (const { connection } of [plain, subscribed]) connection.onMessage((message) => messages.push(message));
  redis.push(hostile);
  redis.push(array(bulk('message'), bulk('c'), bulk('hello')));
  const closed = redis.hangUp();
  await closed;
  await settled();
  expect(uncaught).toEqual([]);
  expect(messages.filter((message) => message !== 'hello')).toEqual([]);
});

/** What was thrown beside the tests has been told. */
async function settled(): Promise<void> {
  for (let turn = 0; turn < 3; turn++) await new Promise((resolve) => setImmediate(resolve));
}
