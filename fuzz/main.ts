import { parseArgs } from 'node:util';
import { verify } from '../src/verify/verify.js';
import { cpuTime, CPU_LIMIT, type Finding, fuzz } from './fuzz.js';
import { Random } from './random.js';
import { talkWithRedis } from './redis-talk.js';
import { CORPORA, createSeeds } from './seeds.js';
import { SHAPES } from './shapes.js';
import { suiteShapes } from './suite-shapes.js';
import { environmentOf } from './targets.js';

/**
 * `npm run --silent fuzz -- [--seconds N] [--seed N]`: first the shapes that are made to cost much, then mutated
 * certificates, CRLs and requests for N seconds (default 10), then talks with a hostile Redis. Exit code 0; 1 when an input threw what is no
 * `PkixdError`, got a verdict that its shape should not, or cost more than 50 ms of CPU; 64: wrong arguments.
 */
const { values } = parseArgs({ options: { seconds: { type: 'string' }, seed: { type: 'string' } } });
const seconds = Number(values.seconds ?? 10);
const seed = Number(values.seed ?? Date.now() % 2 ** 32);

if (!(seconds >= 0) || !Number.isSafeInteger(seed)) {
  console.error('usage: npm run --silent fuzz -- [--seconds N] [--seed N]');
  process.exitCode = 64;
} else {
  const shapes = runShapes();
  const mutated = runMutations();
  const talks = await runTalks();
  process.exitCode = shapes && mutated && talks ? 0 : 1;
}

/** A line each; `true` when all are within the limit and answered as they should be. */
function runShapes(): boolean {
  let isGood = true;
  for (const { name, codes, milliseconds = CPU_LIMIT, request } of [...SHAPES, ...suiteShapes()]) {
    const asked = request();
    let code: string = '';
    const spent = cpuTime({
      bytes: new Uint8Array(),
      run: () => {
        ({ code } = verify(asked, environmentOf('rfc5280')));
      },
    });
    const isRight = (codes?.some((wanted) => wanted === code) ?? true) && spent <= milliseconds;
    isGood &&= isRight;
    console.log(`${isRight ? 'ok ' : 'BAD'} ${spent.toFixed(1).padStart(7)} ms  ${name}: ${code}`);
  }
  return isGood;
}

function runMutations(): boolean {
  const seeds = createSeeds(CORPORA);
  console.log(
    `seed ${seed}, ${seeds.certificates.length} certificates and ${seeds.lists.length} CRLs to mutate`,
  );
  const end = Date.now() + seconds * 1000;
  const { counts, crashes, slow } = fuzz({ seed, seeds, isOver: () => Date.now() >= end });
  for (const [target, { inputs, taken, worst }] of counts) {
    console.log(`${target}: ${inputs} inputs, ${taken} taken, worst ${worst.toFixed(1)} ms of CPU`);
  }
  for (const finding of crashes) show('CRASH', finding);
  for (const finding of slow) show('SLOW', finding);
  return crashes.length + slow.length === 0;
}

/** A third as long as the mutations: talks with a Redis that says what it likes. */
async function runTalks(): Promise<boolean> {
  const end = Date.now() + (seconds * 1000) / 3;
  const { talks, commands, faults } = await talkWithRedis(new Random(seed), () => Date.now() >= end);
  console.log(`redis: ${talks} talks, ${commands} commands answered`);
  for (const fault of faults) console.log(`BAD redis, seed ${seed}: ${fault}`);
  return faults.length === 0;
}

function show(word: string, { target, number, what, bytes }: Finding): void {
  console.log(`${word} ${target}, input ${number} of seed ${seed}: ${what}`);
  console.log(Buffer.from(bytes).toString('base64'));
}
