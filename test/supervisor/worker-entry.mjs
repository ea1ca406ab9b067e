/**
 * A worker for tests: it speaks the messages of wire/ipc and one line of text per request. Its faults are chosen by
 * worker number in the JSON file that PKIXD_TEST_MODES names, read at boot: { "1": "refuse", "*": "serve" }.
 */
import { readFileSync } from 'node:fs';
import cluster from 'node:cluster';
import { createSocket } from 'node:dgram';
import { createServer, Socket } from 'node:net';
import { socketOn } from '../../dist/wire/connection-handle.js';
import { decode, encode } from '../../dist/wire/codec.js';
import { frame, FrameReader } from '../../dist/wire/frame.js';
import { IPC_VERSION } from '../../dist/wire/ipc.js';

process.on('SIGUSR1', () => {});
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => {});

const link = new Socket({ fd: 4 });
const orders = new Socket({ fd: 6 });
const lifeline = new Socket({ fd: 5 });
const frames = new FrameReader();
/** Connections that are kept and never read. */
const held = new Map();
const open = new Set();
const leaked = [];
/** Answers to `late`, which are given some time after the worker was told to drain. */
const late = [];
let worker;
let config;
let mode;
let inFlight = 0;
let drainTo = Infinity;
/** How long a drain waits for the first request of connections that have just come, in milliseconds. */
const GRACE = 1000;
let graceIsOver = false;

const say = (message) => link.write(frame(encode(message)));
const load = () => say({ type: 'load', inFlight, connections: open.size });

for (const stream of [orders, lifeline]) {
  stream.on('error', () => {});
  stream.resume();
  stream.on('close', () => {
    if (mode !== 'outlive') process.exit(0);
  });
}

link.on('error', () => {});
orders.on('data', (chunk) => {
  for (const body of frames.push(chunk)) hear(decode(body));
});

function hear(message) {
  if (message.type === 'configure') boot(message.worker, message.config);
  else if (message.type === 'ping' && mode !== 'mute') pong(message.sequence);
  else if (message.type === 'revoke' && mode !== 'mute') {
    for (const id of message.ids) held.delete(id);
    say({ type: 'revoked', ids: message.ids });
  } else if (message.type === 'drain') drain(message.lastId);
}

function boot(number, settings) {
  worker = number;
  config = settings;
  const modes = JSON.parse(readFileSync(process.env.PKIXD_TEST_MODES, 'utf8'));
  mode = modes[worker] ?? modes['*'] ?? 'serve';
  // Until the file says something else.
  if (mode === 'wait') {
    setTimeout(() => boot(number, settings), 20);
    return;
  }
  console.log(`booted as ${mode}`);
  // Node's cluster ends a worker whose channel closes; this one stays.
  if (mode === 'outlive') {
    process.removeAllListeners('disconnect');
    setInterval(() => {}, 60_000);
  }
  if (mode === 'crash') process.exit(3);
  if (mode === 'throw') throw new TypeError('the worker has no legs');
  if (mode === 'garbage') link.write(frame(Buffer.from([0xc1, 1, 2, 3])));
  if (mode === 'never ready') return;
  const ipc = mode === 'other messages' ? IPC_VERSION + 1 : IPC_VERSION;
  say({ type: 'ready', pid: process.pid, version: '0', ipc, threads: 1 });
  if (mode === 'crash when ready') setTimeout(() => process.exit(4), 50);
}

function pong(sequence) {
  const none = { handledConnections: 0, handledRequests: 0, errors: 0, busy: 0, timeouts: 0, queueDepth: 0 };
  const tls = { handshakes: 0, failedHandshakes: 0 };
  const cache = { cacheHits: 0, cacheMisses: 0, waiting: 0 };
  const more = {
    queuedClients: 0,
    oldestWait: 0,
    threads: 1,
    busyThreads: 0,
    threadUtilization: 0,
    threadRestarts: 0,
    eventLoopUtilization: 0.5,
  };
  const statistics = {
    ...none,
    ...more,
    ...cache,
    ...tls,
    openConnections: open.size,
    activeConnections: open.size,
    inFlight,
    rss: process.memoryUsage.rss(),
    anonymousRss: process.memoryUsage.rss(),
  };
  say({ type: 'pong', sequence, statistics, latencies: [] });
}

function drain(lastId) {
  drainTo = lastId;
  for (const socket of open) if (socket.heard && !socket.busy) socket.end();
  for (const give of late) setTimeout(() => give(), 100);
  setTimeout(() => {
    graceIsOver = true;
    finish();
  }, GRACE);
  finish();
}

function finish() {
  if (drainTo === Infinity || inFlight > 0) return;
  if (!graceIsOver && [...open].some(({ heard }) => !heard)) return;
  say({ type: 'drained' });
  link.end(() => process.exit(0));
}

process.on('message', ({ id, listener }, handle) => {
  const known = config.listeners.some(({ name }) => name === listener);
  if (mode === 'refuse' || !handle || !known) {
    handle?.close();
    say({ type: 'refused', ids: [id] });
  } else if (mode === 'never acknowledge' || mode === 'mute') held.set(id, handle);
  else if (mode === 'die on connection') process.kill(process.pid, 'SIGKILL');
  else if (mode === 'lose first' && id === 1) handle.close();
  else serve(id, socketOn(handle));
});

function serve(id, socket) {
  socket.allowHalfOpen = true;
  say({ type: 'accepted', ids: [id] });
  open.add(socket);
  load();
  socket.setEncoding('utf8');
  socket.on('error', () => {});
  socket.on('close', () => {
    open.delete(socket);
    load();
    finish();
  });
  socket.on('end', () => socket.busy || socket.end());
  socket.on('data', (text) => {
    for (const line of text.split('\n').filter(Boolean)) answer(line, socket);
  });
  socket.resume();
}

/** What a worker with hostile code in it may try on Node's channel. */
function attack(what, argument) {
  const ignore = () => {};
  if (what === 'listen') createServer().on('error', ignore).listen(argument);
  else if (what === 'listen on a descriptor')
    createServer()
      .on('error', ignore)
      .listen({ fd: Number(argument) });
  else if (what === 'bind') createSocket('udp4').on('error', ignore).bind(Number(argument), '127.0.0.1');
  else if (what === 'leak') {
    const server = createServer().listen({ port: 0, host: '127.0.0.1', exclusive: true }, () => {
      for (let n = 0; n < 1000; n += 1) process.send({ n }, server, ignore);
    });
  } else if (what === 'talk') process.send({ hello: true });
  else if (what === 'disconnect') cluster.worker.disconnect();
  else if (what === 'forge')
    process.send({ cmd: 'NODE_CLUSTER', act: argument, key: 'x', port: 1, address: '127.0.0.1' });
}

function answer(line, socket) {
  if (line.startsWith('attack ')) attack(...line.slice(7).split(': '));
  if (line === 'block') for (;;);
  if (line === 'die') process.kill(process.pid, 'SIGKILL');
  if (line === 'leak') leaked.push(Buffer.alloc(256 * 1024 * 1024, 1));
  if (line === 'restart') say({ type: 'restart', reason: 'a client said so' });
  inFlight += 1;
  socket.heard = true;
  socket.busy = true;
  load();
  const give = () => {
    inFlight -= 1;
    socket.busy = false;
    if (line.startsWith('config ')) socket.write(`${JSON.stringify(config[line.slice(7)])}\n`);
    else socket.write(`worker ${worker} ${process.pid}\n`);
    if (drainTo !== Infinity) socket.end();
    load();
    finish();
  };
  if (line === 'late') late.push(give);
  else setTimeout(give, 0);
}
