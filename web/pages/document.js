// The editor page: wires the machine to the socket, the textarea and the rest of the page. What is
// decided here is only when things happen; what happens is decided in `Replica`.

import { ConflictView } from '../conflict/conflict_view.js';
import { ParkedView } from '../conflict/parked.js';
import { ClientLifetime } from '../drafts/client_lifetime.js';
import { Counts } from '../editor/counts.js';
import { Editor } from '../editor/editor.js';
import { disputedIn, locate } from '../editor/offsets.js';
import { Overlay } from '../editor/overlay.js';
import { printWhole } from '../editor/print.js';
import { Announcer, say } from '../people/announcer.js';
import { People } from '../people/people.js';
import { PresenceSender } from '../people/presence_sender.js';
import { Connection, systemClock } from '../replica/connection.js';
import { Pacing, withFrames } from '../replica/pacing.js';
import { isAnswer } from '../replica/protocol.js';
import { Replica } from '../replica/replica.js';
import { pointsIn } from '../text/splices.js';
import { byId } from '../ui/dom.js';
import { Pause } from '../ui/pause.js';
import { Settings } from '../ui/settings.js';
import { share } from '../ui/share.js';
import { StateLine } from '../ui/state_line.js';
import { remember, rename, userName } from '../ui/storage.js';

const TICK_MS = 1000;
// An answer that takes longer was lost on the way: a new connection finds out.
const ANSWER_MOST_MS = 15_000;

const documentName = decodeURIComponent(location.pathname.split('/').at(-1) ?? '');
const clock = withFrames(systemClock);
let name = userName();

// The parts

const socketUrl = new URL(`/ws/${documentName}`, location.href);
socketUrl.protocol = location.protocol === 'https:' ? 'wss:' : 'ws:';

const visit = new ClientLifetime(
  documentName,
  { clock, connect: (listener) => new Connection(socketUrl.href, listener) },
  {
    replica: () => replica,
    name: () => name,
    goOnWith,
    kept: () => show(),
    said: say,
    closed: () => editor.focus(),
  },
);
let replica = new Replica(visit.snapshot);

const connection = new Connection(socketUrl.href, {
  opened: () => carryOut(replica.opened(name)),
  closed: () => {
    stateLine.offline();
    carryOut(replica.closed());
  },
  received,
  changed: () => show(),
});

const settings = new Settings(byId('text', HTMLTextAreaElement), {
  changed: () => overlay.redraw(),
  said: say,
});
const announcer = new Announcer(() => settings.announcements, clock);
/** @param {string} sentence */
const tell = (sentence) => announcer.tell(sentence);

const editor = new Editor(byId('text', HTMLTextAreaElement), {
  typed: (splices) => {
    carryOut(replica.edited(editor.text, splices));
    announcer.typed();
    conflictView.typed();
    pacing.typed();
    whereabouts.changed();
  },
  moved: () => whereabouts.changed(),
  composing: (isComposing) => {
    if (isComposing) pacing.hold('composing');
    else pacing.release('composing');
  },
  stepped: showSteps,
});

const pacing = new Pacing(
  { send: () => carryOut(replica.flush()), show: () => carryOut(replica.catchUp()) },
  clock,
);
const whereabouts = new PresenceSender(tellPresence, clock);
const stateLine = new StateLine(documentName, clock, tell);
const counts = new Counts(() => editor.text, clock);

const pause = new Pause({
  paused: (isPaused) => {
    if (isPaused) pacing.hold('paused');
    else pacing.release('paused');
  },
  said: say,
});

const conflictView = new ConflictView(documentName, {
  resolve: (results) => decide(() => replica.resolve(results)),
  park: () => decide(() => replica.park()),
  resolveParked: (dispute, results) => carryOut(replica.resolveParked(dispute, results)),
  undo: () => editor.undo(),
  text: () => editor.text,
  goTo: (position) => editor.goTo(position),
  said: tell,
  closed: () => editor.focus(),
});

const parkedView = new ParkedView(documentName, {
  own: () => ({ client: replica.client, name }),
  isBusy: () => replica.conflict !== null || replica.isDeciding,
  review: (parked, wording, opener) => conflictView.review(parked, wording, opener),
});

const people = new People(
  name,
  {
    renamed: (newName) => {
      name = newName;
      rename(newName);
      whereabouts.changed();
    },
    goTo: (client) => {
      const head = people.places.find((place) => place.client === client)?.head;
      if (head !== undefined) editor.goTo(Math.min(replica.toLocal(head), pointsIn(replica.local)));
    },
    changed: showOthers,
    said: tell,
  },
  clock,
);
const overlay = new Overlay(byId('text', HTMLTextAreaElement));

// In and out

/** The type of what the server sent last. */
let answer = '';

/** @param {import('../replica/protocol.js').ServerMessage} message */
function received(message) {
  if (message.type === 'presence') {
    people.moved(message);
    if (message.left) visit.left(message.client);
    pacing.hasCompany = people.areOthersHere;
    return;
  }
  if (message.type === 'unmerged') {
    parkedView.show(message.count);
    return;
  }
  const before = replica.newest.text;
  answer = message.type;
  try {
    carryOut(replica.received(message));
  } catch (problem) {
    console.error(problem);
    connection.drop();
    return;
  }
  if (message.type === 'welcome') welcomed(message);
  else if (replica.newest.text !== before) {
    pause.heard();
  }
  if (message.type === 'update') othersWrote(message, before);
  if (message.type === 'error' && message.seq === undefined) say(message.message);
  // What was typed while the answer was on its way goes next.
  if (isAnswer(message)) pacing.answered();
  else if (message.type === 'update') pacing.heard();
}

/** @param {import('../replica/protocol.js').Update} update @param {string} before */
function othersWrote({ clients = [], splices }, before) {
  people.wrote(clients);
  const isHeard = replica.newest.text !== before; // and not dropped, because an answer will bring it
  if (splices && isHeard) announcer.wrote({ who: people.namesOf(clients), splices, before });
}

/** @param {import('../replica/protocol.js').Welcome} message */
function welcomed(message) {
  stateLine.online();
  people.reset(message.people, message.client);
  pacing.hasCompany = people.areOthersHere;
  parkedView.show(message.unmerged ?? 0);
  remember(documentName);
  visit.welcomed(message.people);
  whereabouts.changed();
}

/** @param {import('../replica/replica.js').Output} output */
function carryOut({ send, changes, lost }) {
  for (const message of send) connection.send(message);
  for (const { splices, isOwn } of changes) {
    if (isOwn) editor.changeAsUser(splices);
    else editor.change(splices);
  }
  if (lost) visit.lost(lost);
  showOthers();
  retryInTime();
  watchAnswer(send.length > 0);
  show();
}

/** @type {import('../replica/outbox.js').State | null} */
let retried = null;

function retryInTime() {
  const { state } = replica;
  if (state.name !== 'retrying' || state === retried) return;
  retried = state;
  clock.after(() => carryOut(replica.retry()), state.afterS * 1000);
}

/** @type {number | null} */
let waitingSinceMs = null;

/** @param {boolean} hasSent */
function watchAnswer(hasSent) {
  const isWaiting = replica.state.name === 'waiting' || replica.state.name === 'fetching';
  if (!isWaiting) waitingSinceMs = null;
  else if (hasSent || waitingSinceMs === null) waitingSinceMs = clock.now();
}

/** Another page is the client that this one was. @param {import('../replica/replica.js').Snapshot | null} rest */
function goOnWith(rest) {
  replica = new Replica(rest ?? undefined);
  if (!rest) editor.restore('');
  connection.drop();
  connection.wake();
  show();
}

/** @param {() => import('../replica/replica.js').Output} action */
function decide(action) {
  if (replica.conflict) carryOut(action());
}

function tellPresence() {
  const { commit } = replica.known;
  if (replica.link !== 'online' || commit === null) return;
  const { anchor, head } = editor.selection;
  connection.send({
    type: 'presence',
    base: commit,
    name,
    anchor: replica.toKnown(anchor),
    head: replica.toKnown(head),
  });
}

// What is shown

function show() {
  stateLine.show({ replica, connection: connection.state, isKept: visit.isKeeping });
  conflictView.show(replica.conflict, replica.isDeciding, answer);
  counts.changed();
  visit.changed();
}

function showSteps() {
  byId('undo', HTMLButtonElement).disabled = !editor.canUndo;
  byId('redo', HTMLButtonElement).disabled = !editor.canRedo;
}

/** Where they are in the text as it is shown here, and what a conflict is about. */
function showOthers() {
  const { conflict, newest, local } = replica;
  // In a conflict they are in what they see, and not in what was sent from here.
  const [commit, text] = conflict
    ? [conflict.revision, conflict.text]
    : [newest.commit, newest.text];
  people.known(commit, text);
  const places = locate(people.places, text, local);
  people.show(places);
  overlay.showPeople(places);
  overlay.showRegions(conflict ? disputedIn(conflict, local) : []);
}

function tick() {
  const nowMs = clock.now();
  if (
    replica.link === 'online' &&
    waitingSinceMs !== null &&
    nowMs - waitingSinceMs > ANSWER_MOST_MS
  ) {
    connection.drop();
  }
  announcer.tick(replica.newest.text);
  if (stateLine.isWaiting) show();
}

// The page

addEventListener('online', () => connection.wake());
addEventListener('pageshow', (event) => {
  if (event.persisted) wake();
});
document.addEventListener('resume', wake);
document.addEventListener('freeze', leave);
addEventListener('pagehide', leave);
document.addEventListener('visibilitychange', () => {
  if (document.visibilityState === 'visible') {
    visit.check();
    connection.wake();
  } else {
    pacing.sendNow();
    visit.keepNow();
  }
});
addEventListener('beforeunload', (event) => {
  pacing.sendNow();
  visit.keepNow();
  if (visit.wouldLose) event.preventDefault();
});

/** The page is unloaded, or put to sleep, from which it may or may not wake. */
function leave() {
  pacing.sendNow();
  visit.leave();
  connection.close();
}

async function wake() {
  await visit.wake();
  connection.wake();
}

byId('status', HTMLButtonElement).onclick = () => connection.wake();
byId('undo', HTMLButtonElement).onclick = () => editor.undo();
byId('redo', HTMLButtonElement).onclick = () => editor.redo();

share(documentName, say);
printWhole(() => editor.text);
if (replica.local) editor.restore(replica.local);
editor.focus();
visit.begin().then(() => connection.open());
setInterval(tick, TICK_MS);
show();

/** For tests: whether the server has everything and the editor shows everything. */
Object.assign(window, { gollabedit: { settled: () => replica.isSettled && !replica.conflict } });
