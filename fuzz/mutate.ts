import { writeElement } from '../src/x509/der-writer.js';
import type { Random } from './random.js';

/** Bytes changed without a thought for what they mean: most of it dies in the outermost length. */
export function mutateBytes(bytes: Uint8Array, random: Random): Uint8Array {
  let changed = Buffer.from(bytes);
  for (let count = 1 + random.below(4); count > 0; count -= 1) {
    const at = random.below(changed.length + 1);
    const kind = random.below(3);
    if (kind === 0 && at < changed.length) changed[at]! ^= 1 << random.below(8);
    else {
      const inserted = kind === 1 ? random.bytes(random.below(5)) : new Uint8Array();
      changed = Buffer.concat([changed.subarray(0, at), inserted, changed.subarray(at + random.below(4))]);
    }
  }
  return changed;
}

interface Node {
  tag: number;
  content: Uint8Array | Node[];
}

/**
 * Elements changed, moved, doubled and left out, with every length around them made right again: what is wrong
 * lies deeper. Bytes that are no DER to begin with come back as `mutateBytes` has them.
 */
export function mutateElements(bytes: Uint8Array, random: Random, donor: Uint8Array): Uint8Array {
  const root = parse(bytes);
  const other = parse(donor);
  if (root === undefined || other === undefined) return mutateBytes(bytes, random);
  const donors = flatten(other);
  for (let count = 1 + random.below(3); count > 0; count -= 1) mutateOne(root, random, donors);
  return serialize(root);
}

function mutateOne(root: Node, random: Random, donors: readonly Node[]): void {
  const node = random.pick(flatten(root));
  const { content } = node;
  const kind = random.below(8);
  if (kind === 0) node.tag = random.pick(donors).tag;
  else if (kind === 1) node.content = copyOf(random.pick(donors)).content;
  else if (!Array.isArray(content)) node.content = mutateBytes(content, random);
  else if (kind < 4 && content.length > 0) content.splice(random.below(content.length), 1);
  else if (kind < 6) content.splice(random.below(content.length + 1), 0, copyOf(random.pick(donors)));
  else if (kind === 6 && content.length > 0) repeat(content, random);
  else content.reverse();
}

const MANY = [2, 10, 100, 1000] as const;

/** One element many times, with a bound on the whole so that the inputs stay as small as a request's. */
function repeat(content: Node[], random: Random): void {
  const node = random.pick(content);
  const size = Math.max(1, serialize(node).length);
  const times = Math.min(random.pick(MANY), Math.floor(50_000 / size));
  content.push(...Array.from({ length: times }, () => copyOf(node)));
}

function copyOf({ tag, content }: Node): Node {
  return { tag, content: Array.isArray(content) ? content.map(copyOf) : content.slice() };
}

function flatten(node: Node): Node[] {
  return Array.isArray(node.content) ? [node, ...node.content.flatMap(flatten)] : [node];
}

function serialize({ tag, content }: Node): Uint8Array {
  return Array.isArray(content) ? writeElement(tag, ...content.map(serialize)) : writeElement(tag, content);
}

const MAX_DEPTH = 30;

/** `undefined` when the bytes are not one DER element. */
function parse(bytes: Uint8Array): Node | undefined {
  const nodes = parseAll(bytes, 0);
  return nodes?.length === 1 ? nodes[0] : undefined;
}

function parseAll(bytes: Uint8Array, depth: number): Node[] | undefined {
  const nodes: Node[] = [];
  for (let at = 0; at < bytes.length;) {
    const header = readHeader(bytes, at);
    if (header === undefined) return undefined;
    const { from, to } = header;
    const tag = bytes[at] ?? 0;
    const content = bytes.subarray(from, to);
    const children = isConstructed(tag) && depth < MAX_DEPTH ? parseAll(content, depth + 1) : undefined;
    nodes.push({ tag, content: children ?? content });
    at = to;
  }
  return nodes;
}

/** OCTET STRINGs too: extensions hide in them. */
function isConstructed(tag: number): boolean {
  return (tag & 0x20) !== 0 || tag === 0x04;
}

function readHeader(bytes: Uint8Array, at: number): { from: number; to: number } | undefined {
  const first = bytes[at + 1];
  if (first === undefined) return undefined;
  const octets = first < 0x80 ? 0 : first & 0x7f;
  const from = at + 2 + octets;
  let length = octets === 0 ? first : 0;
  for (let i = 0; i < octets; i++) length = length * 256 + (bytes[at + 2 + i] ?? 0);
  return from + length <= bytes.length ? { from, to: from + length } : undefined;
}
