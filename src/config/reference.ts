import { CRL_SOURCE_FIELDS } from './crl-sources.js';
import { DEFAULT_LISTENERS, LISTENER_FIELDS } from './listeners.js';
import { OPTIONS, type Option } from './option-table.js';
import { describeDefault, describeValues } from './option-value.js';
import { BASE_PROFILE_TEXTS, PROFILE_FIELDS } from './profiles.js';
import { FILE_NAMES, variableOf } from './sources.js';

/** The text of docs/configuration.md: everything that can be configured, from the tables that check it. */
export function configurationReference(): string {
  return [INTRODUCTION, EXAMPLE, optionSections(), structureSections()].join('\n');
}

const INTRODUCTION = `# Configuration

<!-- Written by npm run docs from the option table in src/config; edit that, not this. -->

Values come from four places, each going over the one before: the defaults below; the file (\`--config FILE\`, else
\`PKIXD_CONFIG\`, else ${FILE_NAMES.map((name) => `\`${name}\``).join(' or ')} in the working directory); \`PKIXD_*\` variables; flags.
In the file, \`workers: { count: 4 }\` and \`workers.count: 4\` are the same; as a variable it is
\`PKIXD_WORKERS_COUNT=4\`, as a flag \`--workers.count 4\`. Paths in the file, and defaults,
are relative to the file's folder; paths in variables and flags, and defaults without a file, to the working directory. A list in a variable is written with commas; a flag for a list is repeated.

Durations are written \`250ms\`, \`10s\`, \`5m\`, \`1h\`, \`7d\` (a bare number is milliseconds), sizes \`64KiB\`, \`8MiB\`,
\`1GiB\` (a bare number is bytes). \`pkixd start --check\` reads everything, lists every problem and does not start.
`;

const EXAMPLE = `## An example

\`\`\`yaml
workers:
  count: 4
trust:
  anchors: [/etc/pki/anchors, node]
crl:
  directory: /var/lib/pkixd/crls
listeners:
  - address: unix:/run/pkixd/pkixd.sock
    mode: '0660'
    permits: [profiles, crls, status]
  - tcp://127.0.0.1:15280
profiles:
  internal-tls:
    base: rfc5280
    revocation: grace
    anchors: [/etc/pki/internal-root.pem]
    purpose: serverAuth
profile:
  default: internal-tls
\`\`\`
`;

function optionSections(): string {
  const options = Object.entries<Option>(OPTIONS);
  const groups = new Set(options.map(([key]) => groupOf(key)));
  const sections = [...groups].map((group) =>
    optionSection(
      group,
      options.filter(([key]) => groupOf(key) === group),
    ),
  );
  return ['## Options\n', ...sections].join('\n');
}

function groupOf(key: string): string {
  return key.slice(0, key.indexOf('.'));
}

function optionSection(name: string, options: readonly (readonly [string, Option])[]): string {
  const entries = options.map(
    ([key, option]) =>
      `- **\`${key}\`** (\`${variableOf(key)}\`): ${option.text}  \n  Takes ${describeValues(option)}. Default: ${describeDefault(option)}.`,
  );
  return `### ${name}\n\n${entries.join('\n')}\n`;
}

function structureSections(): string {
  return `## Listeners

\`listeners\` is a list; each entry is an address or a map of these fields. Without it, pkixd listens at
${DEFAULT_LISTENERS.map(listenerText).join(', ')}. \`--listen ADDRESS\` (repeatable) and \`PKIXD_LISTEN\` (with commas) replace it.
TCP or TLS on an address that other hosts reach has to be written out; it is never a default. Certificate and key of a TLS
listener are read by the primary alone.

${fieldList(LISTENER_FIELDS)}
\`profiles\`: naming a profile. \`crls\`: CRLs and OCSP responses with the request. \`at\`: a past instant. \`anchors\`: trust
anchors with the request. \`revocation\`: another revocation mode. \`status\`: the STATUS command. A listener that permits
\`anchors\`, \`revocation\` or \`at\` lets its clients decide what is trusted. No listener lets them store anything: CRLs
that come with a request are evidence for that request alone, and \`pkixd crl import\` is for whoever may write to
\`data.directory\`.

## Profiles

\`profiles\` is a map from names to sets of rules. The four base profiles exist without it:

${fieldList(BASE_PROFILE_TEXTS)}
A verdict \`PROFILE_RULE\` names the broken rule in its message. The fields of an entry:

${fieldList(PROFILE_FIELDS)}
## Sources of CRLs

\`crl.sources\` is a list in the file: CRLs of issuers whose certificates name no place for them, or a better place.
An issuer's sources are asked, in order, before the places that its certificates name.

\`\`\`yaml
crl:
  sources:
    - issuer: CN=Example CA,O=Example,C=US
      url: http://crl.example/example-ca.crl
    - certificate: /etc/pki/other-ca.pem
      file: /var/lib/crls/other-ca.crl
\`\`\`

${fieldList(CRL_SOURCE_FIELDS)}`;
}

function fieldList(fields: Readonly<Record<string, string>>): string {
  return Object.entries(fields)
    .map(([name, text]) => `- **\`${name}\`**: ${text}\n`)
    .join('');
}

function listenerText(listener: (typeof DEFAULT_LISTENERS)[number]): string {
  return `\`${listener.address}\` (${listener.protocol})`;
}
