import { VERDICT_CODES, type VerdictStatus } from './verdict.js';

/** The text of docs/verdict-codes.md. */
export function verdictCodeReference(): string {
  return [INTRODUCTION, ...sections()].join('\n');
}

const INTRODUCTION = `# Verdict codes

<!-- Written by npm run docs from the table in src/wire/verdict.ts; edit that, not this. -->

A verdict has one of three statuses and a code that says why. The codes are stable; messages may change.

When several paths fail, one code is reported: \`indeterminate\` goes over \`invalid\`, since that path might yet hold, and
within a status the code further down goes over those above it.
`;

const STATUSES = {
  valid: 'The certificate can be relied on.',
  invalid: 'It cannot: what was given, or what is known of it, rules that out.',
  indeterminate: 'It cannot: whether it holds is not known.',
} as const satisfies Record<VerdictStatus, string>;

function sections(): string[] {
  return Object.entries(STATUSES).map(([status, meaning]) => {
    const codes = Object.entries(VERDICT_CODES).filter(([, [of]]) => of === status);
    const lines = codes.map(
      ([code, [, section, text]]) => `- **\`${code}\`** (${sectionText(section)}): ${text}\n`,
    );
    return `## \`${status}\`\n\n${meaning}\n\n${lines.join('')}`;
  });
}

/** The source of the code's rule, in full: `RFC 5280 §6.1.4 (k)`. */
export function sectionText(section: string): string {
  if (/^\d/.test(section)) return `RFC 5280 §${section}`;
  return section.replace(/^(RFC \d+|BR) (?=\d)/, '$1 §');
}
