import { cpSync, mkdtempSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** In the body of a request: its task never ends. */
export const HANG = 'hang@fault.example';
/** To a worker: its event loop never turns again. */
export const BLOCK = 'SIGUSR2';

const WORKER = `import './product.js';
process.on('${BLOCK}', () => {
  for (;;);
});
`;
const TASK = `import { createServedVerifyTasks as createProducts } from './product.js';
export * from './product.js';
export function createServedVerifyTasks(options) {
  const { verify, ...others } = createProducts(options);
  return {
    ...others,
    verify: (body, attempt) => {
      if (Buffer.from(body.buffer, body.byteOffset, body.length).includes('${HANG}')) for (;;);
      return verify(body, attempt);
    },
  };
}
`;

/** This build in a folder of its own, in which workers and threads can be made to fail; nothing else differs. */
export class FaultyRelease {
  readonly #directory = mkdtempSync(join(tmpdir(), 'pkixd-chaos-'));

  constructor() {
    cpSync('dist', join(this.#directory, 'dist'), { recursive: true });
    cpSync('package.json', join(this.#directory, 'package.json'));
    symlinkSync(join(process.cwd(), 'node_modules'), join(this.#directory, 'node_modules'));
    this.#wrap('worker', 'main.js', WORKER);
    this.#wrap('thread', 'served-verify-task.js', TASK);
  }

  get program(): string {
    return join(this.#directory, 'dist/cli/main.js');
  }

  remove(): void {
    rmSync(this.#directory, { recursive: true });
  }

  #wrap(folder: string, file: string, text: string): void {
    const path = join(this.#directory, 'dist', folder);
    renameSync(join(path, file), join(path, 'product.js'));
    writeFileSync(join(path, file), text);
  }
}
