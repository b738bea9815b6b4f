// The editor page: wires the machine to the socket, the textarea and the rest of the page. What is
// decided here is only when things happen; what happens is decided in `sync`.

import { ConflictView } from './conflict.js';
import { Connection, systemClock } from './connection.js';
import { byId } from './dom.js';
import { Editor } from './editor.js';
import { Pacing } from './pacing.js';
import { People } from './people.js';
import { share } from './share.js';
import { inUnits, pointsIn } from './splices.js';
import { statusOf } from './status.js';
import { leaveSnapshot, remember, rename, takeSnapshot, userName } from './storage.js';
import { Sync } from './sync.js';

const PRESENCE_EVERY_MS = 100;
const TICK_MS = 1000;
const COUNT_AFTER_MS = 250;
// An answer that takes longer was lost on the way: a new connection finds out.
const ANSWER_MOST_MS = 15_000;

const documentName = decodeURIComponent(location.pathname.split('/').at(-1) ?? '');
const clock = systemClock;
const sync = new Sync(takeSnapshot(documentName));
let name = userName();
/** @type {number | null} */
let dirtySinceMs = null;
/** @type {number | null} */
let offlineSinceMs = clock.now();
/** @type {number | null} */
let waitingSinceMs = null;
let announced = '';

const socketUrl = new URL(`/ws/${documentName}`, location.href);
socketUrl.protocol = location.protocol === 'https:' ? 'wss:' : 'ws:';

const connection = new Connection(socketUrl.href, {
  opened: () => carryOut(sync.opened(name)),
  closed: () => {
    offlineSinceMs = clock.now();
    carryOut(sync.closed());
  },
  received,
  changed: () => show(),
});

const editor = new Editor(byId('text', HTMLTextAreaElement), {
  typed: () => {
    carryOut(sync.typed(editor.text));
    pacing.typed();
    tellPresence();
  },
  moved: () => tellPresence(),
  composing: (isComposing) => carryOut(isComposing ? sync.hold() : sync.release()),
  undoRefused: () => say('Undo is not possible here after others have changed the text.'),
});

const pacing = new Pacing(() => carryOut(sync.flush()), clock);

const conflictView = new ConflictView({
  resolve: (results) => decide(() => sync.resolve(results)),
  park: () => {
    decide(() => sync.park());
    say('Put aside. Your version is kept on a branch of its own.');
  },
  said: say,
  closed: () => editor.focus(),
});

const people = new People(name, {
  renamed: (newName) => {
    name = newName;
    rename(newName);
    tellPresence();
  },
  goTo: (position) => editor.goTo(sync.toLocal(Math.min(position, sync.known.text.length))),
  said: say,
  lineOf: (position) => lineAt(sync.known.text, position),
});

// In and out

/** @param {import('./protocol.js').ServerMessage} message */
function received(message) {
  if (message.type === 'presence') {
    people.moved(message);
    pacing.hasCompany = people.areOthersHere;
    return;
  }
  const before = sync.known.text;
  try {
    carryOut(sync.received(message));
  } catch (problem) {
    console.error(problem);
    connection.drop();
    return;
  }
  if (message.type === 'welcome') welcomed(message);
  else if (message.type === 'update' && message.splices && before !== sync.known.text) {
    people.shift(message.splices);
    people.show();
  } else if (message.type === 'error' && message.seq === undefined) say(message.message);
  // What was typed while the answer was on its way goes next.
  if (message.type === 'merged' || message.type === 'conflict') pacing.typed();
}

/** @param {import('./protocol.js').Welcome} message */
function welcomed(message) {
  if (offlineSinceMs !== null && announced) say('Back online.');
  offlineSinceMs = null;
  people.reset(message.people, message.client);
  pacing.hasCompany = people.areOthersHere;
  remember(documentName);
  tellPresence();
  show();
}

/** @param {import('./sync.js').Output} output */
function carryOut({ send, splices }) {
  for (const message of send) connection.send(message);
  if (splices.length > 0) editor.change(splices);
  retryInTime();
  watchTimes(send.length > 0);
  show();
}

/** @type {import('./outbox.js').State | null} */
let retried = null;

function retryInTime() {
  const { state } = sync;
  if (state.name !== 'retrying' || state === retried) return;
  retried = state;
  clock.after(() => carryOut(sync.retry()), state.afterS * 1000);
}

/** @param {() => import('./sync.js').Output} action */
function decide(action) {
  if (sync.conflict) carryOut(action());
}

/** @param {boolean} hasSent */
function watchTimes(hasSent) {
  const isClean = sync.state.name === 'idle' && !sync.isUnsent;
  dirtySinceMs = isClean ? null : (dirtySinceMs ?? clock.now());
  const isWaiting = sync.state.name === 'waiting' || sync.state.name === 'fetching';
  if (!isWaiting) waitingSinceMs = null;
  else if (hasSent || waitingSinceMs === null) waitingSinceMs = clock.now();
}

let presenceDueMs = 0;
/** @type {unknown} */
let presenceTimer = null;

/** At most ten times a second, and always the last. */
function tellPresence() {
  if (presenceTimer !== null) return;
  const waitMs = Math.max(0, presenceDueMs - clock.now());
  presenceTimer = clock.after(() => {
    presenceTimer = null;
    presenceDueMs = clock.now() + PRESENCE_EVERY_MS;
    const { commit } = sync.known;
    if (sync.link !== 'online' || commit === null) return;
    const { anchor, head } = editor.selection;
    connection.send({
      type: 'presence',
      base: commit,
      name,
      anchor: sync.toKnown(anchor),
      head: sync.toKnown(head),
    });
  }, waitMs);
}

// What is shown

function show() {
  const { state } = connection;
  const times = { nowMs: clock.now(), dirtySinceMs, offlineSinceMs };
  const { icon, text, said } = statusOf({ sync, connection: state, ...times });
  setText('status-icon', icon);
  setText('status-text', text);
  byId('status', HTMLElement).classList.toggle('warning', said !== '');
  if (said !== announced) {
    announced = said;
    if (said) say(said);
  }
  document.title = `${icon === '✓' || icon === '…' ? '' : '● '}${documentName} - GollabEdit`;
  conflictView.show(sync.conflict);
  conflictView.busy(sync.isDeciding);
  countSoon();
}

/** @type {string | null} */
let counted = null;
/** @type {unknown} */
let countTimer = null;

/** Soon: a large text is not to be counted at every letter. */
function countSoon() {
  if (countTimer !== null || editor.text === counted) return;
  countTimer = clock.after(showCounts, COUNT_AFTER_MS);
}

function showCounts() {
  countTimer = null;
  counted = editor.text;
  const lines = counted === '' ? 0 : counted.split('\n').length - (counted.endsWith('\n') ? 1 : 0);
  const words = counted.split(/\s+/).filter(Boolean).length;
  setText('counts', `${plural(lines, 'line')} · ${plural(words, 'word')}`);
}

/** @param {number} count @param {string} noun */
function plural(count, noun) {
  return `${count.toLocaleString('en')} ${noun}${count === 1 ? '' : 's'}`;
}

/** @param {string} id @param {string} text */
function setText(id, text) {
  const element = byId(id, HTMLElement);
  if (element.textContent !== text) element.textContent = text;
}

/** Announced politely by screen readers, also when it is the same sentence again. @param {string} text */
function say(text) {
  const region = byId('announcement', HTMLElement);
  region.textContent = '';
  requestAnimationFrame(() => {
    region.textContent = text;
  });
}

/** @param {string} text @param {number} position in code points */
function lineAt(text, position) {
  const at = Math.min(position, pointsIn(text));
  const offset = inUnits(text, [[at, 0, '']])[0]?.[0];
  return text.slice(0, offset).split('\n').length;
}

function tick() {
  const nowMs = clock.now();
  if (
    sync.link === 'online' &&
    waitingSinceMs !== null &&
    nowMs - waitingSinceMs > ANSWER_MOST_MS
  ) {
    connection.drop();
  }
  if (dirtySinceMs !== null || offlineSinceMs !== null) show();
}

// The page

addEventListener('online', () => connection.wake());
addEventListener('pageshow', (event) => {
  if (!event.persisted) return;
  takeSnapshot(documentName); // this very page goes on; nobody else may
  connection.wake();
});
document.addEventListener('visibilitychange', () => {
  if (document.visibilityState === 'visible') connection.wake();
  else pacing.sendNow();
});
addEventListener('pagehide', () => {
  pacing.sendNow();
  leaveSnapshot(documentName, sync.snapshot());
});
addEventListener('beforeunload', (event) => {
  pacing.sendNow();
  // A reload brings everything back, but a closed tab would not, and nobody can tell which it is.
  const isCut = offlineSinceMs !== null && clock.now() - offlineSinceMs > 2 * TICK_MS;
  if (dirtySinceMs !== null && (isCut || sync.refusal)) event.preventDefault();
});
byId('status', HTMLButtonElement).onclick = () => connection.wake();

setText('document-name', documentName);
share(documentName, say);
if (sync.local) editor.restore(sync.local);
editor.focus();
connection.open();
setInterval(tick, TICK_MS);
show();

/** For tests: whether the server has everything and the editor shows everything. */
Object.assign(window, { gollabedit: { settled: () => sync.isSettled && !sync.conflict } });
