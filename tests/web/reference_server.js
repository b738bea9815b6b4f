// A small in-memory server of the protocol for the tests of `Replica`: correct rather than fast. It
// merges by words: if both sides changed a run of words, or inserted words at the same point, that
// is a conflict; of lines inserted at the same point it keeps both.

import { checkOf } from '../../web/text/checksum.js';
import { diffSplices } from '../../web/text/diff_splices.js';
import { apply } from '../../web/text/splices.js';

/** @typedef {import('../../web/text/splices.js').Splice} Splice */
/** @typedef {{start: number, end: number, base: string, ours: string, theirs: string}} Hunk */
/** @typedef {{id: string, seq: number, head: string, fork: string, hunks: Hunk[], reported: string,
 *   view: string, deliver: ((message: any) => void) | null}} Client */

/**
 * @param {string} base
 * @param {string} ours
 * @param {string} theirs
 * @returns {{text: string, hunks: Hunk[], agreed: string}} text: the merged text, with `ours` in the
 *   hunks; agreed: the base with all of `theirs` that merges
 */
export function merge(base, ours, theirs) {
  const characters = [...base];
  let [text, agreed, position] = ['', '', 0];
  const hunks = [];
  for (const group of groups(characters, diffSplices(base, ours), diffSplices(base, theirs))) {
    const kept = characters.slice(position, group.start).join('');
    const from = characters.slice(group.start, group.end).join('');
    const [own, other] = [within(from, group, 'ours'), within(from, group, 'theirs')];
    text += kept;
    agreed += kept;
    if (own === other || other === from) {
      text += own;
      agreed += other;
    } else if (own === from) {
      text += other;
      agreed += other;
    } else if (group.start === group.end && /\n/.test(own + other)) {
      text += other + own;
      agreed += other;
    } else {
      const start = [...text].length;
      hunks.push({ start, end: start + [...own].length, base: from, ours: own, theirs: other });
      text += own;
      agreed += from;
    }
    position = group.end;
  }
  const rest = characters.slice(position).join('');
  return { text: text + rest, hunks, agreed: agreed + rest };
}

/** @typedef {{start: number, end: number, ours: Splice[], theirs: Splice[]}} Group */

/** @param {string[]} text @param {Splice[]} ours @param {Splice[]} theirs */
function groups(text, ours, theirs) {
  const all = [
    ...ours.map((splice) => reach(text, splice, 'ours')),
    ...theirs.map((splice) => reach(text, splice, 'theirs')),
  ].sort((a, b) => a.start - b.start || a.end - b.end);
  /** @type {Group[]} */
  const found = [];
  for (const { start, end, splice, side } of all) {
    let last = found.at(-1);
    if (!last || last.end < start) {
      last = { start, end, ours: [], theirs: [] };
      found.push(last);
    }
    last.end = Math.max(last.end, end);
    last[side].push(splice);
  }
  return found.map((group) => {
    const splices = [...group.ours, ...group.theirs];
    const [first] = splices;
    const point = splices.every(([at, deleted]) => deleted === 0 && at === first?.[0]);
    const isInside = first && group.start < first[0] && first[0] < group.end;
    return point && first && !isInside ? { ...group, start: first[0], end: first[0] } : group;
  });
}

/** @param {string[]} text @param {Splice} splice @param {'ours' | 'theirs'} side */
function reach(text, splice, side) {
  let [start, end] = [splice[0], splice[0] + splice[1]];
  while (start > 0 && /\S/.test(text[start - 1] ?? '')) start--;
  while (end < text.length && /\S/.test(text[end] ?? '')) end++;
  return { start, end, splice, side };
}

/** @param {string} from @param {Group} group @param {'ours' | 'theirs'} side */
function within(from, group, side) {
  const own = group[side].map(
    ([at, n, text]) => /** @type {Splice} */ ([at - group.start, n, text]),
  );
  return apply(from, own);
}

export class ReferenceServer {
  /** @type {Map<string, string>} */
  #texts = new Map();
  /** @type {Set<string>} commits that are part of master's history */
  #merged = new Set();
  /** @type {Map<string, Client>} */
  #clients = new Map();
  #master;
  #made = 0; // commits and clients so far, also of restored servers: no id is used twice
  /** @type {{head: string, fork: string}[]} branches that were parked */
  #parked = [];

  /** @param {string} text */
  constructor(text = '') {
    this.#master = this.#commit(text, true);
  }

  get text() {
    return this.#textOf(this.#master);
  }

  /** The texts of the parked branches. */
  get parked() {
    return this.#parked.map(({ head }) => this.#textOf(head));
  }

  /** The conflict of a parked branch, which may have no hunks. @param {number} index */
  conflictOf(index) {
    const { head, fork } = /** @type {{head: string, fork: string}} */ (this.#parked[index]);
    const { text, hunks } = merge(this.#textOf(fork), this.text, this.#textOf(head));
    const names = { ours: ['Bo'], theirs: 'Me' };
    return { commit: head, revision: this.#master, base: fork, text, hunks, diff: '', names };
  }

  /** The state in a copy of its data folder. */
  backup() {
    const clients = [...this.#clients.values()].map((client) => ({ ...client, deliver: null }));
    return {
      texts: new Map(this.#texts),
      merged: new Set(this.#merged),
      clients,
      master: this.#master,
      parked: [...this.#parked],
    };
  }

  /** Continue from a copy, with no connections. @param {ReturnType<ReferenceServer['backup']>} copy */
  restore({ texts, merged, clients, master, parked }) {
    this.#texts = new Map(texts);
    this.#merged = new Set(merged);
    this.#clients = new Map(clients.map((client) => [client.id, { ...client }]));
    this.#master = master;
    this.#parked = [...parked];
  }

  /** Whether any client has not been sent the newest revision. */
  get hasNews() {
    return [...this.#clients.values()].some(
      (c) => c.deliver && !c.hunks.length && c.view !== this.#master,
    );
  }

  /**
   * @param {string} text
   * @param {boolean} isMerged
   */
  #commit(text, isMerged) {
    const id = `c${this.#made++}`;
    this.#texts.set(id, text);
    if (isMerged) this.#merged.add(id);
    return id;
  }

  /** @param {string} commit */
  #textOf(commit) {
    const text = this.#texts.get(commit);
    if (text === undefined) throw new Error(`no commit ${commit}`);
    return text;
  }

  /**
   * @param {any} hello
   * @param {(message: any) => void} deliver
   * @returns {string} the client
   */
  join(hello, deliver) {
    let client = this.#clients.get(hello.client);
    if (!client || hello.key !== `key of ${client.id}`) {
      const id = `client${this.#made++}`;
      client = { id, seq: 0, head: '', fork: '', hunks: [], reported: '', view: '', deliver };
      this.#clients.set(id, client);
    }
    client.deliver = deliver;
    client.view = this.#master;
    const resumes = this.#merged.has(hello.base);
    const text = resumes
      ? { from: hello.base, splices: diffSplices(this.#textOf(hello.base), this.text) }
      : { text: this.text };
    const conflict = client.hunks.length ? this.#conflict(client, client.seq) : null;
    deliver({
      type: 'welcome',
      protocol: 1,
      document: 'd',
      client: client.id,
      key: `key of ${client.id}`,
      branch: `clients/${client.id}`,
      revision: this.#master,
      ...text,
      check: checkOf(this.text),
      seq: client.seq,
      people: [],
      conflict,
      access: 'edit',
      limits: { document_bytes: 1 << 20 },
    });
    return client.id;
  }

  /** @param {string} id */
  leave(id) {
    const client = this.#clients.get(id);
    if (client) client.deliver = null;
  }

  /** The last accepted seq. @param {string} id */
  seqOf(id) {
    return this.#clients.get(id)?.seq ?? 0;
  }

  /** Park the conflict of a client, as after a long absence. @param {string} id */
  parkOf(id) {
    const client = this.#clients.get(id);
    if (client?.hunks.length) this.#park(client);
  }

  /** @param {string} id @param {any} message */
  receive(id, message) {
    const client = /** @type {Client} */ (this.#clients.get(id));
    if (message.type === 'sync') {
      client.view = this.#master;
      client.deliver?.({
        type: 'update',
        revision: this.#master,
        text: this.text,
        check: checkOf(this.text),
      });
    } else {
      this.#submitted(client, message);
    }
    this.#review();
  }

  /** Send every session an update since the last one. */
  broadcast() {
    for (const client of this.#clients.values()) {
      if (!client.deliver || client.hunks.length || client.view === this.#master) continue;
      const splices = diffSplices(this.#textOf(client.view), this.text);
      const check = checkOf(this.text);
      client.deliver({ type: 'update', from: client.view, revision: this.#master, splices, check });
      client.view = this.#master;
    }
  }

  /** @param {Client} client @param {any} message */
  #submitted(client, message) {
    const { seq } = message;
    if (message.type === 'park') {
      if (client.hunks.length && client.head === message.commit) this.#park(client);
      client.seq = Math.max(client.seq, seq);
      this.#answer(client, seq, message.commit, this.#textOf(message.commit));
      return;
    }
    if (!this.#texts.has(message.base)) return this.#unknown(client, seq);
    const sent = message.text ?? apply(this.#textOf(message.base), message.splices);
    if (seq > client.seq) {
      const isOwn = client.hunks.length > 0 && message.base === client.head;
      if (!this.#merged.has(message.base) && !isOwn) return this.#unknown(client, seq);
      client.seq = seq;
      if (client.hunks.length && message.type === 'edit' && !isOwn) this.#park(client);
      if (message.type === 'resolve')
        this.#parked = this.#parked.filter(({ head }) => head !== message.commit);
      this.#submitEdit(client, isOwn ? client.fork : message.base, sent);
    }
    this.#answer(client, seq, client.head || this.#master, sent);
  }

  /** @param {Client} client @param {number} seq */
  #unknown(client, seq) {
    client.deliver?.({ type: 'error', code: 'unknown_base', message: 'Unknown base.', seq });
  }

  /** @param {Client} client @param {string} fork @param {string} sent */
  #submitEdit(client, fork, sent) {
    client.head = this.#commit(sent, false);
    client.fork = fork;
    this.#mergeBranch(client);
  }

  /** Merge what merges of a branch, until nothing changes. @param {Client} client */
  #mergeBranch(client) {
    for (;;) {
      const fork = this.#textOf(client.fork);
      const { text, hunks, agreed } = merge(fork, this.text, this.#textOf(client.head));
      client.hunks = hunks;
      const isStable = text === this.text;
      if (!isStable) this.#master = this.#commit(text, true);
      if (hunks.length === 0) this.#merged.add(client.head);
      if (hunks.length === 0 || (isStable && agreed === fork)) return;
      client.fork = this.#commit(agreed, true);
    }
  }

  /** @param {Client} client */
  #park(client) {
    this.#parked.push({ head: client.head, fork: client.fork });
    client.head = '';
    client.hunks = [];
  }

  /** @param {Client} client @param {number} seq @param {string} commit @param {string} sent */
  #answer(client, seq, commit, sent) {
    if (client.hunks.length) {
      const conflict = this.#conflict(client, seq);
      client.deliver?.(conflict);
    } else {
      const splices = diffSplices(sent, this.text);
      client.view = this.#master;
      client.deliver?.({
        type: 'merged',
        seq,
        commit,
        revision: this.#master,
        splices,
        check: checkOf(this.text),
      });
    }
  }

  /** @param {Client} client @param {number} seq */
  #conflict(client, seq) {
    this.#mergeBranch(client);
    client.reported = JSON.stringify(
      client.hunks.map(({ base, ours, theirs }) => [base, ours, theirs]),
    );
    return {
      type: 'conflict',
      seq,
      commit: client.head,
      revision: this.#master,
      base: client.fork,
      text: this.text,
      hunks: client.hunks,
      diff: '',
      names: { ours: ['Bo'], theirs: 'Me' },
      waiting: 0,
    };
  }

  /** P9: report changes of open conflicts. */
  #review() {
    for (const client of this.#clients.values()) {
      if (!client.hunks.length) continue;
      const { reported } = client;
      const conflict = this.#conflict(client, client.seq);
      if (client.hunks.length === 0)
        this.#answer(client, client.seq, client.head, this.#textOf(client.head));
      else if (client.reported !== reported) client.deliver?.(conflict);
    }
  }
}
