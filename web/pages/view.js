// The read view: the newest text of a document, live, as a page. It has no editor, and sends nothing.

import { newClientAt } from '../drafts/draft_keeper.js';
import { Drafts } from '../drafts/drafts.js';
import { targetOf } from '../editor/line_address.js';
import { isKeptPage, lastSeen, OfflineLink } from '../offline/offline_link.js';
import { announce } from '../people/announcer.js';
import { Sheet } from '../preview/sheet.js';
import { Connection } from '../replica/connection.js';
import { Replica } from '../replica/replica.js';
import { say } from '../text/say.js';
import { titleOf } from '../text/title.js';
import { byId, set, setText } from '../ui/dom.js';
import { latinKey } from '../ui/keys.js';
import { dayAndTime } from '../ui/phrases.js';
import { remember, userName } from '../ui/storage.js';

const documentName = byId('document', HTMLMetaElement).content;
const addressOf = (/** @type {string} */ name) => new URL(`../../d/${name}`, import.meta.url).href;
const plainText = byId('plain-text', HTMLAnchorElement).href;
const state = byId('state', HTMLElement);

// Versions are shown by the editor only.
if (location.hash.startsWith('#history')) location.replace(plainText + location.hash);

const socketUrl = new URL(`../../ws/${documentName}`, import.meta.url);
socketUrl.protocol = location.protocol === 'https:' ? 'wss:' : 'ws:';

let replica = new Replica();
/** @type {Sheet | null} */
let sheet = null;
/** Whether the heading in the address was looked for. */
let isPlaced = false;

const connection = new Connection(socketUrl.href, {
  opened: () => carryOut(replica.opened(userName())),
  closed: () => carryOut(replica.closed()),
  received,
  changed: ({ name }) => {
    show();
    const { state } = connection;
    if (state.name === 'refused') offline.refused(state.kind);
    if (name === 'moved' && state.name === 'moved')
      location.replace(`${addressOf(state.document)}/view${location.hash}`);
  },
});

const offline = new OfflineLink({
  document: documentName,
  newest: () => replica.newest,
  isOnline: () => replica.link === 'online',
  isViewOnly: () => replica.isViewOnly,
});
/** Since when the server was not asked, where the page began without a connection. @type {number | null} */
let seenMs = null;

/** @param {import('../replica/protocol.js').ServerMessage} message */
function received(message) {
  if (message.type === 'presence' || message.type === 'unmerged') return;
  try {
    carryOut(replica.received(message));
    carryOut(replica.catchUp());
  } catch (problem) {
    console.error(problem);
    connection.drop();
    return;
  }
  if (message.type !== 'welcome') return;
  seenMs = null;
  remember(documentName, titleOf(replica.newest.text));
  offline.begin();
}

/** @param {import('../replica/replica.js').Output} output */
function carryOut({ send }) {
  for (const message of send) connection.send(message);
  show();
}

function show() {
  const { text, commit } = replica.newest;
  if (commit !== null) {
    const title = titleOf(text) || say('untitled');
    setText('title', title);
    set(document, 'title', `${title} – GollabEdit`);
    sheet?.changed(text);
  }
  set(state, 'textContent', stateNow());
}

/** What keeps the page from being the newest; '' if nothing does. */
function stateNow() {
  const { state } = connection;
  if (state.name === 'refused') return state.reason;
  if (seenMs !== null) return `${say('offline')} · ${dayAndTime(seenMs, Date.now())}`;
  if (state.name === 'waiting') return say('offline');
  return replica.newest.commit === null ? say('loading') : '';
}

function followAddress() {
  const target = targetOf(location.hash);
  if (!sheet || !target) return;
  if ('slug' in target) {
    sheet.frame.goTo(target.slug);
    return;
  }
  const words = sheet.goToLine(target.first);
  if (words !== null) announce(say('atLine', { line: target.first, words }));
}

/** @param {KeyboardEvent} event */
function onKey(event) {
  const isPrint = (event.ctrlKey || event.metaKey) && !event.shiftKey && latinKey(event) === 'p';
  if (!isPrint || !sheet) return;
  event.preventDefault(); // or the browser would print what is in view
  sheet.frame.print();
}

async function offerUnsent() {
  const drafts = await new Drafts().of(documentName);
  byId('unsent', HTMLElement).hidden = !drafts.some(({ snapshot }) => snapshot);
}

async function load() {
  sheet = await Sheet.load({
    document: documentName,
    addressOf: (name) => `${addressOf(name)}/view`,
    canTick: () => false,
    tick: () => false,
    key: onKey,
    shown: () => {
      if (!isPlaced) followAddress();
      isPlaced = true;
    },
    scrolled: () => {},
    linked: (id) => {
      location.hash = id;
      sheet?.frame.goTo(id);
    },
    announce,
  });
  show();
}

async function begin() {
  const seen = isKeptPage ? await lastSeen(documentName) : null;
  if (seen) {
    replica = new Replica(newClientAt(seen.known));
    seenMs = seen.seenMs;
    show();
  }
  connection.open();
}

addEventListener('keydown', onKey);
addEventListener('beforeprint', () => {
  const whole = sheet?.frame.scroller.scrollHeight ?? 0;
  byId('sheet-frame', HTMLElement).style.setProperty('--whole', `${whole}px`);
});
addEventListener('hashchange', followAddress);
addEventListener('online', () => connection.wake());
addEventListener('focus', () => connection.wake());
addEventListener('pageshow', ({ persisted }) => persisted && connection.wake());
addEventListener('pagehide', () => connection.close());
const details = byId('sheet-outline', HTMLDetailsElement);
details.open = matchMedia('(min-width: 60rem)').matches;

load().catch((problem) => {
  console.error(problem);
  setText('sheet-note', say('loadFailed'));
});
offerUnsent();
begin();

/** For tests: whether the page has the newest text. */
Object.assign(window, { gollabedit: { settled: () => replica.isSettled } });
