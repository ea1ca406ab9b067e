import type { GeneralName } from '../../x509/general-name.js';
import { addHostOrDomain, HostSet } from './host-name.js';
import { type Mailbox, parseMailbox } from './mailbox.js';
import { type NameForm, NO_DOUBT, type Subtrees } from './subtrees.js';

/** A mailbox as a certificate names it. */
interface NamedMailbox extends Mailbox {
  readonly ignoresCase: boolean;
}

/**
 * A mailbox, a host, or with a leading period the hosts beneath a domain. §7.5: local parts are compared exactly;
 * a mailbox that is excluded is so however it is quoted, and where case does not count, in any case.
 */
class MailSubtrees implements Subtrees<NamedMailbox> {
  readonly doubtfulBase = NO_DOUBT;
  readonly #mailboxes = new Set<string>();
  readonly #unquoted = new Set<string>();
  readonly #folded = new Set<string>();
  readonly #hosts = new HostSet();

  add(base: GeneralName): boolean {
    if (base.kind !== 'rfc822') return false;
    if (!base.value.includes('@')) return addHostOrDomain(this.#hosts, base.value);
    const mailbox = parseMailbox(base.value);
    if (mailbox === undefined) return false;
    const { local, unquoted, host } = mailbox;
    this.#mailboxes.add(`${local}@${host}`);
    this.#unquoted.add(`${unquoted}@${host}`);
    this.#folded.add(`${unquoted}@${host}`.toLowerCase());
    return true;
  }

  /** RFC 9598 §6: the host alone for hosts. */
  covers({ local, host }: NamedMailbox): boolean {
    return this.#mailboxes.has(`${local}@${host}`) || this.#hosts.covers(host);
  }

  touches({ unquoted, host, ignoresCase }: NamedMailbox): boolean {
    const text = `${unquoted}@${host}`;
    return (
      this.#unquoted.has(text) ||
      (ignoresCase && this.#folded.has(text.toLowerCase())) ||
      this.#hosts.covers(host)
    );
  }
}

export const mailForm: NameForm<NamedMailbox> = {
  title: 'rfc822Name',
  read: (name) => {
    const mailbox = name.kind === 'rfc822' ? parseMailbox(name.value) : undefined;
    // §4.1.2.6: "The attribute value for emailAddress is not case-sensitive".
    return mailbox && { ...mailbox, ignoresCase: 'isAttribute' in name };
  },
  subtrees: () => new MailSubtrees(),
};
