/**
 * A protocol for tests, one line a request: `TASK BODY` runs that task and answers `done RESULT` or
 * `failed CODE`. `status` asks the primary, `bad …` is an error, `defect` makes the session throw, `quit` closes,
 * `long N` answers with N bytes, `block` never gives the loop back.
 */
export const echoProtocol = {
  name: 'echo',
  open: () => new EchoSession(),
  busy: () => Buffer.from('busy\n'),
  probe: { question: Buffer.from('echo x\n'), isAnswer: (received) => received.includes('done x') },
  example: { request: (_, variant) => Buffer.from(`echo ${variant}\n`), outcome: Buffer.from('x') },
};

class EchoSession {
  #rest = '';

  get midRequest() {
    return this.#rest !== '';
  }

  receive(chunk) {
    const lines = (this.#rest + chunk.toString()).split('\n');
    this.#rest = lines.pop();
    return lines.map(eventOf);
  }

  end() {
    return this.midRequest ? [{ kind: 'reply', bytes: Buffer.from('incomplete\n'), error: true }] : [];
  }

  timedOut(deadline) {
    return Buffer.from(`timed out: ${deadline}\n`);
  }

  tooManyPipelined(event, limit) {
    return Buffer.from(`${event.label ?? event.kind}: more than ${limit}\n`);
  }
}

function eventOf(line) {
  const [name, ...rest] = line.split(' ');
  const body = rest.join(' ');
  switch (name) {
    case 'quit':
      return { kind: 'close' };
    case 'status':
      return { kind: 'status', answer: (status) => Buffer.from(`${JSON.stringify(status)}\n`) };
    case 'bad':
      return { kind: 'reply', bytes: Buffer.from(`error ${body}\n`), error: true };
    case 'long':
      return { kind: 'reply', bytes: Buffer.alloc(Number(body), 'x') };
    case 'reply':
      return { kind: 'reply', bytes: Buffer.from(`${body}\n`) };
    case 'defect':
      throw new Error('a defect of the protocol');
    case 'block':
      for (;;);
    default:
      return { kind: 'task', task: { name, body: Buffer.from(body) }, label: body, answer: answerOf };
  }
}

function answerOf(outcome) {
  const text = outcome.kind === 'done' ? `done ${Buffer.from(outcome.body)}` : `failed ${outcome.code}`;
  return { bytes: Buffer.from(`${text}\n`), log: () => ({ outcome: text }) };
}
