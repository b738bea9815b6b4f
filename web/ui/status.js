// The state of the user's text in the header, with a notice about trouble; also the page's title and
// icon, and announcements. It says "saved" while everything is acknowledged that was typed more than
// a second ago, and changes at most once a second; trouble is shown at once.

import { say } from '../text/say.js';
import { titleOf } from '../text/title.js';
import { byId, set, setIcon, setText } from './dom.js';
import { showInTab } from './favicon.js';
import { dayAndTime } from './phrases.js';

/** @typedef {import('../replica/connection.js').ConnectionState} ConnectionState */
/** @typedef {import('./notice_bar.js').Notice} Notice */
/**
 * @typedef {{replica: import('../replica/replica.js').Replica, connection: ConnectionState,
 *   isKept: boolean, isUnsentOffered: boolean, held: number | null}} State isKept: whether unsent
 *   text would survive the page; isUnsentOffered: text of an earlier visit; held: the number of
 *   others' changes on hold, or null if they are shown
 * @typedef {State & {nowMs: number, dirtySinceMs: number | null, offlineSinceMs: number | null,
 *   seen: Seen | null}} Situation seen: the text that is shown, if the page began without a connection
 * @typedef {{seenMs: number, isViewOnly: boolean}} Seen seenMs: when it was the server's newest
 * @typedef {'loading' | 'saved' | 'saving' | 'offline' | 'gone' | 'noAccess' | 'notSaved' | 'unsent'
 *   | 'viewOnly' | 'onHold'} StateName
 * @typedef {{state: StateName, notice: Notice | null, announced: string}} Status announced: once
 * @typedef {{announce: (sentence: string) => void, reconnect: () => void,
 *   download: () => void}} StatusListener
 */

const SLOW_MS = 1_000;
const BUSY_MS = 2_000;
const OFFLINE_SHOWN_MS = 2_000;
const SHOWN_MIN_MS = 1_000;

/** @type {Record<StateName, string>} */
const ICONS = {
  loading: 'saving',
  saved: 'saved',
  saving: 'saving',
  offline: 'offline',
  gone: 'warning',
  noAccess: 'warning',
  notSaved: 'warning',
  unsent: 'unsent',
  viewOnly: 'view',
  onHold: 'pause',
};
const TROUBLE = new Set(['offline', 'gone', 'noAccess', 'notSaved', 'unsent']);

export class StatusLine {
  #clock;
  #notices;
  #listener;
  /** @type {unknown} the edit that waits for its answer */
  #sent = null;
  /** @type {number | null} */
  #dirtySinceMs = null;
  /** @type {number | null} */
  #offlineSinceMs;
  /** @type {Seen | null} */
  #seen = null;
  #announced = '';
  #title = byId('title', HTMLElement).textContent ?? '';
  /** @type {StateName} */
  #shown = 'loading';
  #shownMs = Number.NEGATIVE_INFINITY;
  #isDue = false;
  /** @type {State | null} */
  #state = null;

  /**
   * @param {import('../replica/connection.js').Clock} clock
   * @param {import('./notice_bar.js').NoticeBar} notices
   * @param {StatusListener} listener
   */
  constructor(clock, notices, listener) {
    this.#clock = clock;
    this.#notices = notices;
    this.#listener = listener;
    this.#offlineSinceMs = clock.now();
  }

  /** Whether the status may change with time alone. */
  get isWaiting() {
    return this.#dirtySinceMs !== null || this.#offlineSinceMs !== null;
  }

  /** The page shows a text that was kept. @param {Seen} seen */
  startOffline(seen) {
    this.#seen = seen;
    this.#offlineSinceMs = Number.NEGATIVE_INFINITY; // it is known
  }

  online() {
    this.#seen = null;
    if (this.#announced) this.#listener.announce(say('backOnline'));
    this.#offlineSinceMs = null;
  }

  offline() {
    this.#offlineSinceMs = this.#clock.now();
  }

  /** @param {State} state */
  show(state) {
    this.#state = state;
    const { replica } = state;
    const nowMs = this.#clock.now();
    this.#watch(replica, nowMs);
    const [dirtySinceMs, offlineSinceMs] = [this.#dirtySinceMs, this.#offlineSinceMs];
    const seen = this.#seen;
    const status = statusOf({ ...state, nowMs, dirtySinceMs, offlineSinceMs, seen });
    this.#showNotice(state, status);
    if (status.announced !== this.#announced) {
      this.#announced = status.announced;
      if (status.announced) this.#listener.announce(status.announced);
    }
    this.#showState(status.state, state.held ?? 0, nowMs);
    // Until the text is there the page has the title that the server wrote into it.
    if (replica.known.commit !== null || replica.local !== '') this.#title = titled(replica.local);
    showInTab(this.#pageState(status), this.#title);
    setText('title', this.#title);
  }

  /** Note since when the oldest change waits. @param {import('../replica/replica.js').Replica} replica @param {number} nowMs */
  #watch(replica, nowMs) {
    const isClean = replica.state.name === 'idle' && !replica.isUnsent;
    const sent = replica.state.name === 'waiting' ? replica.state.sent : null;
    // With the answer to one edit the next is sent: what it contains was typed since.
    if (isClean) this.#dirtySinceMs = null;
    else if (this.#dirtySinceMs === null || (sent && this.#sent && sent !== this.#sent))
      this.#dirtySinceMs = nowMs;
    this.#sent = isClean ? null : (sent ?? this.#sent);
  }

  /** @param {State} state @param {Status} status */
  #showNotice({ replica, connection }, { state, notice }) {
    const isConnection = isOfConnection(state);
    const downloading = { label: say('downloadShort'), run: this.#listener.download };
    const action = this.#actionOf(connection, state) ?? downloading;
    const second = state === 'noAccess' && replica.local ? { second: downloading } : {};
    const hasAction = isConnection || replica.refused !== null;
    const shown = notice && hasAction ? { ...notice, action, ...second } : notice;
    this.#notices.show('connection', isConnection ? shown : null);
    this.#notices.show('text', isConnection ? null : shown);
  }

  /** @param {ConnectionState} connection @param {StateName} state */
  #actionOf(connection, state) {
    if (state === 'offline') return { label: say('reconnect'), run: this.#listener.reconnect };
    if (state !== 'noAccess' || connection.name !== 'refused') return null;
    const home = byId('home', HTMLAnchorElement).href;
    // Without the server's base path.
    const here = encodeURIComponent(`/${location.href.slice(home.length)}`);
    return connection.kind === 'signed out'
      ? { label: say('signInTitle'), run: () => location.assign(`${home}sign-in?next=${here}`) }
      : { label: say('home'), run: () => location.assign(home) };
  }

  /** @param {StateName} name @param {number} held @param {number} nowMs */
  #showState(name, held, nowMs) {
    const leftMs = this.#shownMs + SHOWN_MIN_MS - nowMs;
    const isUrgent = TROUBLE.has(name) || name === 'viewOnly';
    const canWait = !isUrgent && this.#shown !== 'loading';
    if (name !== this.#shown && leftMs > 0 && canWait) {
      if (!this.#isDue) this.#clock.after(() => this.#showAgain(), leftMs);
      this.#isDue = true;
      return;
    }
    if (name !== this.#shown) this.#shownMs = nowMs;
    this.#shown = name;
    const isCounted = name === 'onHold' && held > 0;
    setText('state-text', isCounted ? say('onHoldCount', { count: held }) : say(name));
    setIcon('state-icon', ICONS[name]);
    const element = byId('state', HTMLElement);
    element.classList.toggle('saved', name === 'saved');
    element.classList.toggle('trouble', TROUBLE.has(name));
    element.classList.toggle('view-only', name === 'viewOnly');
    set(element, 'title', name === 'viewOnly' ? say('viewOnlyHint') : '');
    byId('text-hint', HTMLElement).hidden = TROUBLE.has(name) || name === 'loading';
  }

  #showAgain() {
    this.#isDue = false;
    if (this.#state) this.show(this.#state);
  }

  /** @param {Status} status @returns {import('./favicon.js').PageState} */
  #pageState({ state }) {
    if (isOfConnection(state)) return 'offline';
    if (state === 'notSaved' || state === 'unsent') return 'unsaved';
    if (this.#state?.replica.conflict) return 'conflict';
    // An icon that changed at every key would be distracting.
    const sinceMs = this.#dirtySinceMs ?? this.#clock.now();
    return this.#clock.now() - sinceMs > BUSY_MS ? 'busy' : 'saved';
  }
}

/** Whether a state is about the connection, rather than the text. @param {StateName} state */
function isOfConnection(state) {
  return state === 'offline' || state === 'gone' || state === 'noAccess';
}

/** @param {string} text */
function titled(text) {
  return titleOf(text) || say('untitled');
}

/** @param {Situation} situation @returns {Status} */
export function statusOf(situation) {
  const { replica, connection, nowMs, dirtySinceMs, offlineSinceMs } = situation;
  if (connection.name === 'moved') return renamed(connection.document);
  if (connection.name === 'refused')
    return connection.kind === 'deleted' ? gone(connection.reason) : shutOut(situation, connection);
  if (offlineSinceMs !== null && nowMs - offlineSinceMs >= OFFLINE_SHOWN_MS)
    return offline(situation);
  if (replica.refused) return trouble('notSaved', replica.refused);
  if (replica.state.name === 'retrying') return trouble('notSaved', replica.state.message);
  return { state: calm(situation, dirtySinceMs, nowMs), notice: null, announced: '' };
}

/** @param {Situation} situation @param {number | null} dirtySinceMs @param {number} nowMs @returns {StateName} */
function calm({ replica, isUnsentOffered, held }, dirtySinceMs, nowMs) {
  if (replica.known.commit === null) return 'loading';
  if (replica.isViewOnly) return 'viewOnly';
  if (isUnsentOffered) return 'unsent';
  if (dirtySinceMs !== null && nowMs - dirtySinceMs >= SLOW_MS) return 'saving';
  return held === null ? 'saved' : 'onHold';
}

/** @param {Situation} situation @returns {Status} */
function offline({ connection, nowMs, replica, isKept, seen }) {
  const isWaiting = connection.name === 'waiting';
  const what = (isWaiting && connection.reason) || say('youAreOffline');
  const canType = replica.known.commit !== null && !seen?.isViewOnly;
  const advice = isKept ? (canType ? say('keepTyping') : '') : say('notKept');
  const seconds = isWaiting ? Math.ceil((connection.untilMs - nowMs) / 1000) : 0;
  const again = seconds > 3 ? say('reconnectingIn', { seconds }) : '';
  const when = seen ? say('textFrom', { when: dayAndTime(seen.seenMs, Date.now()) }) : '';
  const announced = [what, when, advice].filter(Boolean).join(' ');
  const more = [when, advice, again].filter(Boolean).join(' ');
  return { state: 'offline', notice: { icon: 'offline', what, more }, announced };
}

/** @param {string} what @returns {Status} */
function gone(what) {
  const more = say('textStillHere');
  return {
    state: 'gone',
    notice: { icon: 'warning', what, more },
    announced: `${what} ${more}`,
  };
}

/**
 * The user has no access any more.
 *
 * @param {Situation} situation
 * @param {ConnectionState & {name: 'refused'}} refused
 * @returns {Status}
 */
function shutOut({ dirtySinceMs, isKept }, { kind, reason }) {
  const isUnsent = dirtySinceMs !== null;
  const kept = isUnsent ? say(isKept ? 'unsentKept' : 'notKept') : '';
  const advice = kind === 'signed out' ? say('signInAgain') : '';
  const more = [kept, advice].filter(Boolean).join(' ');
  const short = [reason, kept || advice].filter(Boolean).join(' ');
  return {
    state: 'noAccess',
    notice: { icon: 'warning', what: reason, more, short },
    announced: `${reason} ${more}`.trim(),
  };
}

/** The page is about to go there. @param {string} name @returns {Status} */
function renamed(name) {
  return { state: 'loading', notice: null, announced: say('documentRenamed', { name }) };
}

/** @param {StateName} state @param {string} sentence @returns {Status} */
function trouble(state, sentence) {
  return { state, notice: { icon: 'warning', what: sentence }, announced: sentence };
}
