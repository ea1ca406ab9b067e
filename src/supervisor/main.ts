import { messageOf } from '../errors.js';
import { Logger } from '../log.js';
import { LogWriter } from './log/log-writer.js';
import { Systemd } from './host/systemd.js';
import { type BusyAnswer, type ReadSettings, Supervisor, type SupervisorOptions } from './supervisor.js';

export interface StartOptions {
  readonly read: ReadSettings;
  readonly busy: BusyAnswer;
  readonly probeOf: SupervisorOptions['probeOf'];
}

/** Milliseconds. Ctrl-C under a wrapper such as npm sends the signal twice; only a later one counts as the second. */
const SAME_SIGNAL = 300;

/**
 * Makes this process the primary. Resolves when it listens; from then on it lives until a signal or an operator
 * stops it, and exits 0 by itself. Rejects with a `PkixdError`, and leaves nothing behind, when it cannot start.
 */
export async function startSupervisor({ read, ...words }: StartOptions): Promise<void> {
  // Comes first: without a listener, Node starts its inspector on SIGUSR1.
  let openWriter: LogWriter | undefined;
  process.on('SIGUSR1', () => openWriter?.reopen());

  const settings = read();
  const { config } = settings;
  const writer = new LogWriter(config['log.directory'], {
    maxSize: config['log.maxSize'],
    keep: config['log.keep'],
  });
  openWriter = writer;
  const log = new Logger(config['log.level'], 'primary', writer.write);
  try {
    await run({ settings, read, ...words }, writer, log);
  } catch (error) {
    log.error('cannot start', { error: messageOf(error) });
    await writer.close();
    throw error;
  }
}

async function run(
  options: Pick<SupervisorOptions, 'settings' | 'read' | 'busy' | 'probeOf'>,
  writer: LogWriter,
  log: Logger,
): Promise<void> {
  const systemd = new Systemd(process.env, process.pid, log);
  const supervisor = new Supervisor({
    ...options,
    sink: writer.write,
    onReady: (listeners) => {
      for (const { config: listener, address } of listeners) {
        log.info(`listening on ${address}`, { listener: listener.name, protocol: listener.protocol });
      }
      systemd.ready(`${listeners.length} listeners`);
      // For pm2's wait_ready. It is not an error if the parent is gone.
      process.send?.('ready', undefined, undefined, () => undefined);
    },
    onReload: (response) => {
      if (response === undefined) systemd.reloading();
      // The server serves as before: READY ends the reload, and STATUS says why nothing changed.
      else systemd.ready(response.ok ? 'reloaded' : `the reload failed: ${onOneLine(response.message)}`);
    },
    onStop: () => stop(),
  });
  const starting = supervisor.start();

  const exit = async (): Promise<void> => {
    await systemd.settled();
    await writer.close();
    process.exit(0);
  };
  const stop = (): void => {
    systemd.stopping();
    // A start that failed has ended already, and told its caller.
    starting.then(() => supervisor.stop()).then(exit, () => undefined);
  };
  const reload = (): void => {
    starting.then(() => supervisor.reload()).catch(() => undefined);
  };
  installSignals(supervisor, stop, reload, log);
  await starting;
  surviveBugs(log);
}

function onOneLine(text: string): string {
  return text.replaceAll(/\s*\n\s*/g, ' ');
}

function installSignals(supervisor: Supervisor, stop: () => void, reload: () => void, log: Logger): void {
  let stoppedAt: number | undefined;
  const onStopSignal = (signal: NodeJS.Signals): void => {
    if (stoppedAt === undefined) {
      stoppedAt = performance.now();
      log.info(`${signal}: answering what has been read, then exit; a second signal exits at once`);
      stop();
    } else if (performance.now() - stoppedAt > SAME_SIGNAL) {
      log.warn(`${signal} again: exit at once`);
      supervisor.kill();
    }
  };
  process.on('SIGTERM', onStopSignal);
  process.on('SIGINT', onStopSignal);
  process.on('SIGHUP', reload);
  process.on('SIGUSR2', () => supervisor.dump());
  process.on('SIGTTIN', () => void supervisor.scaleBy(1));
  process.on('SIGTTOU', () => void supervisor.scaleBy(-1));
}

/** The primary does not exit on an uncaught error: one faulty event must not end every connection. */
function surviveBugs(log: Logger): void {
  process.on('uncaughtException', (error) => {
    log.error('a bug in the primary; it carries on', { error: error.stack ?? error.message });
  });
}
