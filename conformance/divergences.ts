import { readFileSync } from 'node:fs';

/** A case that is decided otherwise than its suite has it, after review: an entry of divergences.json. */
export interface Divergence {
  readonly suite: string;
  readonly id: string;
  /** The text that decides it: `RFC 5280 §4.2`, or `BR §` for the Baseline Requirements. */
  readonly section: string;
  readonly why: string;
}

const SECTION = /^(?:RFC \d+|BR) §\d/;

export function readDivergences(): readonly Divergence[] {
  const file = new URL('divergences.json', import.meta.url);
  const content: unknown = JSON.parse(readFileSync(file, 'utf8'));
  return checkDivergences(content);
}

/** Throws for an entry that lacks a field, gives no section, or comes twice. */
export function checkDivergences(content: unknown): readonly Divergence[] {
  if (!Array.isArray(content) || !content.every(isDivergence)) {
    throw new Error('divergences.json: each entry needs suite, id, section ("RFC 5280 §4.2") and why');
  }
  if (new Set(content.map(({ suite, id }) => `${suite} ${id}`)).size !== content.length) {
    throw new Error('divergences.json: a case is listed twice');
  }
  return content;
}

function isDivergence(entry: unknown): entry is Divergence {
  if (typeof entry !== 'object' || entry === null) return false;
  const texts = ['suite', 'id', 'section', 'why'].map((key): unknown => Reflect.get(entry, key));
  return texts.every((text) => typeof text === 'string' && text !== '') && SECTION.test(String(texts[2]));
}
