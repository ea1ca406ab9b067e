// oxlint-disable-next-line import/no-unassigned-import -- @peculiar/x509 wants it loaded first
import 'reflect-metadata';
import { X509Certificate } from 'node:crypto';
import { X509Certificate as PeculiarCertificate, X509ChainBuilder } from '@peculiar/x509';
import { Certificate as PkijsCertificate, CertificateChainValidationEngine } from 'pkijs';
import type { Issued } from '../../test/pki/pki.js';
import type { Chain } from './chain.js';
import type { Contender } from './contender.js';

/**
 * What else verifies certificates on Node. Each gets the CAs parsed beforehand when warm, and everything from bytes
 * when cold; none of them looks at CRLs here.
 */
export function rivals(chain: Chain): Contender[] {
  return [nodeX509(chain), pkijs(chain), peculiar(chain)];
}

/** It parses, compares names and checks signatures; it validates no path. */
function nodeX509({ root, intermediate }: Chain): Contender {
  const warmIssuer = new X509Certificate(intermediate.der);
  const warmKey = warmIssuer.publicKey;
  return {
    name: 'node:crypto X509Certificate',
    warm: ({ der }) => {
      const leaf = new X509Certificate(der);
      insist(leaf.checkIssued(warmIssuer) && leaf.verify(warmKey));
    },
    cold: ({ der }) => {
      const [leaf, ca, anchor] = [der, intermediate.der, root.der].map((bytes) => new X509Certificate(bytes));
      if (!leaf || !ca || !anchor) throw new Error('three certificates were parsed');
      insist(leaf.checkIssued(ca) && leaf.verify(ca.publicKey));
      insist(ca.checkIssued(anchor) && ca.verify(anchor.publicKey));
    },
  };
}

/** Its path building wants the leaf last. */
async function validate(certs: PkijsCertificate[], trustedCerts: PkijsCertificate[]): Promise<void> {
  const engine = new CertificateChainValidationEngine({ certs, trustedCerts });
  insist((await engine.verify()).result);
}

function pkijs({ root, intermediate }: Chain): Contender {
  const warmRoot = PkijsCertificate.fromBER(root.der);
  const warmIntermediate = PkijsCertificate.fromBER(intermediate.der);
  return {
    name: 'PKI.js',
    warm: ({ der }) => validate([warmIntermediate, PkijsCertificate.fromBER(der)], [warmRoot]),
    cold: ({ der }) => {
      const [leaf, ca, anchor] = [der, intermediate.der, root.der].map((bytes) =>
        PkijsCertificate.fromBER(bytes),
      );
      if (!leaf || !ca || !anchor) throw new Error('three certificates were parsed');
      return validate([ca, leaf], [anchor]);
    },
  };
}

async function build(leaf: Issued, certificates: PeculiarCertificate[]): Promise<void> {
  const built = await new X509ChainBuilder({ certificates }).build(new PeculiarCertificate(leaf.der));
  insist(built.length === 3);
}

/** It builds a chain by names and signatures. */
function peculiar({ root, intermediate }: Chain): Contender {
  const parse = (): PeculiarCertificate[] =>
    [intermediate, root].map(({ der }) => new PeculiarCertificate(der));
  const warm = parse();
  return {
    name: '@peculiar/x509',
    warm: (leaf) => build(leaf, warm),
    cold: (leaf) => build(leaf, parse()),
  };
}

function insist(holds: boolean): void {
  if (!holds) throw new Error("a rival does not accept the benchmark's own chain");
}
