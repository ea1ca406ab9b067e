import type { Config } from '../config/config.js';
import type { Name } from '../x509/name.js';
import { readAnchors } from './anchors.js';

/** Keys of the trust anchors of all profiles, read when they are first asked for. */
export class AnchorKeys {
  readonly #config: Config;
  #byName: Map<string, Uint8Array[]> | undefined;

  constructor(config: Config) {
    this.#config = config;
  }

  /** SubjectPublicKeyInfo, DER, of the anchors with this name. */
  keysOf(name: Name): readonly Uint8Array[] {
    this.#byName ??= this.#read();
    return this.#byName.get(name.key) ?? [];
  }

  #read(): Map<string, Uint8Array[]> {
    const byName = new Map<string, Uint8Array[]>();
    const options = { broken: this.#config['trust.brokenAnchors'] };
    const entries = Object.values(this.#config.profiles).flatMap(({ anchors }) => anchors);
    const anchors = [...new Set(entries)].flatMap((entry) => readAnchors(entry, options));
    for (const { subject, spki } of anchors) {
      const known = byName.get(subject.key);
      if (known === undefined) byName.set(subject.key, [spki]);
      else known.push(spki);
    }
    return byName;
  }
}
