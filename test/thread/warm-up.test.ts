import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { spawnSync } from 'node:child_process';
import { afterAll, expect, test } from '@jest/globals';
import { loadConfig } from '../../src/config/load.js';
import { runWarmUp } from '../../src/thread/thread.js';
import { createWarmUp } from '../../src/thread/warm-up.js';
import { decode } from '../../src/wire/codec.js';
import { FIRST_ATTEMPT } from '../../src/wire/task.js';

const folder = mkdtempSync(join(tmpdir(), 'pkixd-warm-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** A store that can only tell its epoch: everything else would be an effect on requests. */
const store = {
  epoch: () => 7,
  renew: () => {
    throw new Error('the warm-up renews the store');
  },
  urlRecord: () => {
    throw new Error('the warm-up asks for the record of a URL');
  },
};

function configOf(flags: Record<string, unknown>) {
  return loadConfig({ cwd: folder, env: {}, flags: { 'trust.anchors': ['node'], ...flags } });
}

test.each(['rfc5280', 'rfc5280-strict', 'webpki', 'webpki-strict'])(
  'under %s every request of the warm-up is found valid, with its CRLs looked at',
  (profile) => {
    const warmUp = createWarmUp(configOf({ 'profile.default': profile }), store, Infinity);
    const { verify } = warmUp.handlers();
    for (const { name, body } of warmUp.tasks) {
      expect(name).toBe('verify');
      const result = verify?.(body, FIRST_ATTEMPT);
      const answer = decode(result !== undefined && 'body' in result ? result.body : Buffer.alloc(0));
      expect(answer).toMatchObject({
        verdict: { code: 'OK', revocation: [{ state: 'good' }, { state: 'good' }] },
      });
    }
  },
);

test('a warm-up ends after its rounds, and after its time where that is shorter', () => {
  const handlers = () => ({ echo: (body: Uint8Array) => body });
  const tasks = [{ name: 'echo', body: Buffer.from('a') }];
  expect(runWarmUp({ handlers, tasks, rounds: 30, time: Infinity }).rounds).toBe(30);
  expect(runWarmUp({ handlers, tasks, rounds: Infinity, time: 20 }).milliseconds).toBeGreaterThanOrEqual(20);
  expect(runWarmUp({ handlers, tasks, rounds: Infinity, time: 0 }).rounds).toBe(0);
});

test('handlers are made anew within a warm-up, and each task is run once a round', () => {
  let made = 0;
  const ran: string[] = [];
  const handlers = () => {
    made++;
    return { note: (body: Uint8Array) => (ran.push(Buffer.from(body).toString()), body) };
  };
  const tasks = ['a', 'b'].map((text) => ({ name: 'note', body: Buffer.from(text) }));
  runWarmUp({ handlers, tasks, rounds: 30, time: Infinity });
  expect(ran).toEqual(Array.from({ length: 30 }, () => ['a', 'b']).flat());
  expect(made).toBeGreaterThan(1);
});

const HOT_PATH = `
  const [request, path, revocation, encoder] = await Promise.all([
    import('./dist/verify/parsed-request.js'), import('./dist/verify/path/path-validator.js'),
    import('./dist/verify/revocation/path-revocation.js'), import('./dist/wire/verdict-encoder.js'),
  ]);
  const { createWarmUp } = await import('./dist/thread/warm-up.js');
  const { runWarmUp } = await import('./dist/thread/thread.js');
  const { loadConfig } = await import('./dist/config/load.js');
  const { detachOnce } = await import('./dist/wire/detach.js');
  const hot = [request.parseRequest, path.validatePath, revocation.checkPathRevocation, encoder.encodeVerdict];
  const OPTIMIZED = 1 << 4;
  const count = () => hot.filter((each) => (%GetOptimizationStatus(each) & OPTIMIZED) !== 0).length;
  const config = loadConfig({ cwd: process.argv[1], env: {}, flags: { 'trust.anchors': ['node'] } });
  const store = { epoch: () => 0, renew: () => undefined, urlRecord: () => undefined };
  detachOnce();
  const before = count();
  runWarmUp(createWarmUp(config, store, Infinity));
  console.log(JSON.stringify({ before, after: count(), all: hot.length }));
`;

test('after the warm-up of a thread V8 has compiled the hot path, which it had not before', () => {
  const flags = ['--allow-natives-syntax', '--no-concurrent-recompilation', '--input-type=module'];
  const { stdout, stderr } = spawnSync(process.execPath, [...flags, '--eval', HOT_PATH, folder], {
    encoding: 'utf8',
  });
  expect(stderr).toBe('');
  const { before, after, all } = JSON.parse(stdout) as Record<'before' | 'after' | 'all', number>;
  expect([before, after]).toEqual([0, all]);
});
