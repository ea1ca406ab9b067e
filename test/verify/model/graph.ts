import fc from 'fast-check';

/**
 * A random PKI, described and not yet made: what the model judges by, and what `pki.ts` makes certificates from.
 * CAs are pairs of a name and a key, both by number.
 */
export interface Entity {
  readonly name: number;
  readonly key: number;
}

export interface CertificateDescription {
  readonly subject: Entity;
  /** The name written into the issuer field, and the key that signed. */
  readonly issuer: Entity;
  /** The issuer field spelled otherwise: other case, more blanks, another string type. */
  readonly respelled: boolean;
  readonly brokenSignature: boolean;
  readonly validity: 'current' | 'past' | 'future';
  /** `undefined`: no basicConstraints. */
  readonly ca: boolean | undefined;
  /** Only with `ca`. */
  readonly pathLength: number | undefined;
  /** `undefined`: no keyUsage. */
  readonly keyUsage: { readonly keyCertSign: boolean } | undefined;
  readonly purposes: readonly ('serverAuth' | 'clientAuth' | 'any')[] | undefined;
  readonly unknownCritical: boolean;
}

export interface CrlDescription {
  readonly issuer: Entity;
  readonly brokenSignature: boolean;
  readonly isStale: boolean;
  /** In which order CRLs of one issuer were made. */
  readonly age: number;
  /** Certificates by their index in the graph: their serial numbers. */
  readonly revoked: readonly number[];
}

export interface Graph {
  readonly anchors: readonly Entity[];
  /** The leaf first. A certificate's serial number is its index. */
  readonly certificates: readonly CertificateDescription[];
  readonly crls: readonly CrlDescription[];
  /** Names whose every certificate has a keyUsage without cRLSign; none of an anchor. */
  readonly withoutCrlSign: readonly number[];
}

export const NAMES = 3;

/** Mostly what is right: a graph with everything at random is hardly ever valid. */
const usually = <T>(right: T, ...wrong: readonly T[]): fc.Arbitrary<T> =>
  fc.oneof(
    { weight: 20, arbitrary: fc.constant(right) },
    { weight: 1, arbitrary: fc.constantFrom(...wrong) },
  );

const KEY_USAGE = usually<CertificateDescription['keyUsage']>({ keyCertSign: true }, undefined, {
  keyCertSign: false,
});

/** Who stands above whom: any two, or one CA's two keys, the one certified by the other (self-issued). */
const bond = (entity: fc.Arbitrary<Entity>, rivals: boolean): fc.Arbitrary<[Entity, Entity]> => {
  const rollover = fc.tuple(entity, fc.boolean()).map(([{ name }, forth]): [Entity, Entity] => {
    const keys: [Entity, Entity] = [
      { name, key: name },
      { name, key: name + NAMES },
    ];
    return forth ? keys : [keys[1], keys[0]];
  });
  const any = fc.tuple(entity, entity);
  return rivals ? fc.oneof({ weight: 2, arbitrary: any }, { weight: 1, arbitrary: rollover }) : any;
};

const certificate = (entity: fc.Arbitrary<Entity>, rivals: boolean): fc.Arbitrary<CertificateDescription> =>
  fc
    .record({
      bond: bond(entity, rivals),
      respelled: fc.boolean(),
      brokenSignature: usually(false, true),
      validity: usually<CertificateDescription['validity']>('current', 'past', 'future'),
      ca: usually<boolean | undefined>(true, false, undefined),
      pathLength: fc.option(fc.nat({ max: 1 }), { nil: undefined, freq: 1 }),
      keyUsage: KEY_USAGE,
      purposes: usually<CertificateDescription['purposes']>(
        undefined,
        ['serverAuth'],
        ['clientAuth'],
        ['clientAuth', 'any'],
      ),
      unknownCritical: usually(false, true),
    })
    .map(({ bond: [subject, issuer], ...rest }) => Object.assign(rest, { subject, issuer }));

/** Names of one key each, or, with `rivals`, of one of two: then an issuer's name alone does not say who signed. */
export function graphs(rivals: boolean): fc.Arbitrary<Graph> {
  const entity = fc
    .tuple(fc.nat({ max: NAMES - 1 }), rivals ? fc.nat({ max: 1 }) : fc.constant(1))
    .map(([name, luck]): Entity => ({ name, key: luck === 0 ? name + NAMES : name }));
  const crl = fc.record({
    issuer: entity,
    brokenSignature: usually(false, true),
    isStale: usually(false, true),
    age: fc.nat({ max: 100 }),
    revoked: fc.oneof(
      { weight: 3, arbitrary: fc.constant<number[]>([]) },
      { weight: 1, arbitrary: fc.uniqueArray(fc.nat({ max: 8 }), { maxLength: 2 }) },
    ),
  });
  const graph = fc.record({
    anchors: fc.array(entity, { minLength: 1, maxLength: 2 }),
    certificates: fc.array(certificate(entity, rivals), { minLength: 2, maxLength: 8 }),
    crls: fc.uniqueArray(crl, { minLength: 2, maxLength: 8, selector: ({ age }) => age }),
    withoutCrlSign: usually<readonly number[]>([], [0], [1, 2]),
  });
  return graph.map(({ anchors, certificates, crls, withoutCrlSign }) => {
    const isAnchor = (name: number): boolean => anchors.some((anchor) => anchor.name === name);
    return { anchors, certificates, crls, withoutCrlSign: withoutCrlSign.filter((name) => !isAnchor(name)) };
  });
}
