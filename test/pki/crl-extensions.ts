import { OID } from '../../src/x509/oid.js';
import * as der from './der-builder.js';
import { extension, generalName, issuingDistributionPoint } from './extensions.js';

/** What a distribution point of a certificate, or of a CRL, says. */
interface PointOptions {
  readonly uri?: string;
  /** The DER of a Name. */
  readonly dn?: der.Der;
  /** A common name to append to the CRL issuer's name. */
  readonly relative?: string;
  /** Numbers of ReasonFlags bits. */
  readonly reasons?: readonly number[];
}

function pointName({ uri, dn, relative }: PointOptions): der.Der[] {
  if (relative !== undefined) {
    return [der.explicit(0, der.explicit(1, der.attributeOf([OID.commonName, relative])))];
  }
  const names = [
    ...(uri === undefined ? [] : [generalName.uri(uri)]),
    ...(dn === undefined ? [] : [generalName.dn(dn)]),
  ];
  return names.length === 0 ? [] : [der.explicit(0, der.explicit(0, ...names))];
}

const flag = (n: number, isSet: boolean | undefined): der.Der[] =>
  isSet === true ? [der.implicit(n, der.raw(0xff))] : [];
const flags = (n: number, bits: readonly number[] | undefined): der.Der[] =>
  bits === undefined ? [] : [der.implicit(n, der.namedBitsContent(...bits))];

export interface CertificatePointOptions extends PointOptions {
  /** The DER of a Name. */
  readonly crlIssuer?: der.Der;
}

/** cRLDistributionPoints. */
export function distributionPoints(...points: readonly CertificatePointOptions[]): der.Der {
  const encoded = points.map((point) =>
    der.sequence(
      ...pointName(point),
      ...flags(1, point.reasons),
      ...(point.crlIssuer === undefined ? [] : [der.explicit(2, generalName.dn(point.crlIssuer))]),
    ),
  );
  return extension(OID.crlDistributionPoints, der.sequence(...encoded));
}

export function scope(
  options: PointOptions & {
    readonly userCerts?: boolean;
    readonly caCerts?: boolean;
    readonly indirect?: boolean;
    readonly attributeCerts?: boolean;
  },
): der.Der {
  return issuingDistributionPoint(
    ...pointName(options),
    ...flag(1, options.userCerts),
    ...flag(2, options.caCerts),
    ...flags(3, options.reasons),
    ...flag(4, options.indirect),
    ...flag(5, options.attributeCerts),
  );
}

/** The entry extension; `name` is the DER of a Name. */
export function certificateIssuer(name: der.Der): der.Der {
  return extension(OID.certificateIssuer, der.sequence(generalName.dn(name)), true);
}

export function deltaCrlIndicator(baseNumber: number): der.Der {
  return extension(OID.deltaCrlIndicator, der.integer(baseNumber), true);
}
