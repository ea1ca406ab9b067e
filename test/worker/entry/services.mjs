/**
 * Steps for tests. `look` takes the last words of what it is asked: `… now X` returns X at once, `… after MS X` a
 * while later, `… ordered X` upon the order `release`, `… fail` rejects, `… never` never ends. The notice `told` moves
 * the epoch on, which ends what is kept.
 */
export function testServices(log, patience) {
  let epoch = 0;
  let release;
  const released = new Promise((resolve) => (release = resolve));
  return {
    steps: {
      look: async (body) => {
        const [, when, ...rest] = Buffer.from(body).toString().split(' ');
        if (when === 'now') return Buffer.from(rest.join(' '));
        if (when === 'fail') throw new Error('failed on purpose');
        if (when === 'after') await new Promise((resolve) => setTimeout(resolve, Number(rest.shift())));
        else if (when === 'ordered') await released;
        else await new Promise(() => {});
        return Buffer.from(rest.join(' '));
      },
    },
    orders: {
      release: async () => {
        release();
        return new Uint8Array();
      },
      reverse: async (body) => Uint8Array.from(body).toReversed(),
      fail: async () => {
        throw new Error('failed on purpose');
      },
    },
    patience,
    maxWaiting: 3,
    notices: {
      told: (body) => {
        epoch++;
        log.info(`told ${Buffer.from(body)}`);
      },
    },
    epoch: () => epoch,
    start: async () => {},
    close: async () => {
      log.info('services closed');
    },
  };
}
