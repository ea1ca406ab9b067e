import type { RedisOptions, StandaloneConnectionOptions } from 'ioredis';
import type { NetStream } from 'ioredis/built/types.js';
import standalone from 'ioredis/built/connectors/StandaloneConnector.js';
import { messageOf } from '../../errors.js';
import { RespConversation } from './resp-conversation.js';

/** For ioredis: its own connector, whose connections end with an error where a reply does not fit (`RespConversation`). */
export function guardedConnector(
  options: StandaloneConnectionOptions,
): NonNullable<RedisOptions['Connector']> {
  return class extends standalone.default {
    constructor() {
      super(options);
    }

    override async connect(emitError: (type: string, error: Error) => void): Promise<NetStream> {
      const stream = await super.connect(emitError);
      guard(stream);
      return stream;
    }
  };
}

/** Whatever reads or writes the stream, and however: both ways lead through here. */
function guard(stream: NetStream): void {
  const conversation = new RespConversation();
  const emit = stream.emit.bind(stream);
  stream.emit = (event: string | symbol, ...values: unknown[]): boolean => {
    const [chunk] = values;
    if (event === 'data' && Buffer.isBuffer(chunk)) {
      if (stream.destroyed) return false;
      try {
        conversation.receive(chunk);
      } catch (error) {
        stream.destroy(new Error(messageOf(error)));
        return false;
      }
    }
    return emit(event, ...values);
  };
  const write = stream.write.bind(stream);
  stream.write = (chunk: Uint8Array | string): boolean => {
    const bytes = Buffer.from(chunk);
    conversation.send(bytes);
    return write(bytes);
  };
}
