import { createSocket, type Socket } from 'node:dgram';
import { Resolver } from 'node:dns/promises';
import { once } from 'node:events';
import type { Resolve } from '../../../src/crl/fetch/host-addresses.js';

const TYPE_A = 1;
const HEADER = 12;

/** A real name server on loopback that gives what the test says, another answer each time if it so wishes. */
export class DnsServer {
  /** Names and types asked for, in order. */
  readonly queries: string[] = [];
  readonly #socket: Socket;
  readonly #answers: (name: string, count: number) => readonly string[];

  private constructor(socket: Socket, answers: (name: string, count: number) => readonly string[]) {
    this.#socket = socket;
    this.#answers = answers;
    socket.on('message', (query, { address, port }) => socket.send(this.#answer(query), port, address));
  }

  /** `answers`: the IPv4 addresses of a name, at its nth query, from 1. */
  static async start(answers: (name: string, count: number) => readonly string[]): Promise<DnsServer> {
    const socket = createSocket('udp4').bind(0, '127.0.0.1');
    await once(socket, 'listening');
    return new DnsServer(socket, answers);
  }

  /** Asks this server, as Node's own resolver does it. */
  get resolve(): Resolve {
    const resolver = new Resolver({ timeout: 60_000, tries: 1 });
    resolver.setServers([`127.0.0.1:${this.#socket.address().port}`]);
    return (host) => resolver.resolve4(host);
  }

  stop(): void {
    this.#socket.close();
  }

  /** RFC 1035 §4.1: the question comes back, with A records that point to its name. */
  #answer(query: Buffer): Buffer {
    const labels: string[] = [];
    let at = HEADER;
    for (let length = query[at]!; length > 0; length = query[at]!) {
      labels.push(query.toString('latin1', at + 1, at + 1 + length));
      at += 1 + length;
    }
    const name = labels.join('.');
    const isA = query.readUInt16BE(at + 1) === TYPE_A;
    this.queries.push(name);
    const count = this.queries.filter((asked) => asked === name).length;
    const addresses = isA ? this.#answers(name, count) : [];
    const header = Buffer.from(query.subarray(0, HEADER));
    header.writeUInt16BE(0x8180, 2);
    header.writeUInt16BE(addresses.length, 6);
    header.fill(0, 8, HEADER);
    const records = addresses.map((address) =>
      Buffer.from([0xc0, HEADER, 0, TYPE_A, 0, 1, 0, 0, 0, 0, 0, 4, ...address.split('.').map(Number)]),
    );
    return Buffer.concat([header, query.subarray(HEADER, at + 5), ...records]);
  }
}
