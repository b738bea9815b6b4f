// The editor page: connects the replica to the socket, the textarea and the rest of the page. It
// decides only when things happen; `Replica` decides what happens.

import { ConflictView } from '../conflict/conflict_view.js';
import { ParkedLink } from '../conflict/parked_link.js';
import { ClientLifetime } from '../drafts/client_lifetime.js';
import { newClientAt } from '../drafts/draft_keeper.js';
import { Counts } from '../editor/counts.js';
import { Editor } from '../editor/editor.js';
import { LinesLink } from '../editor/lines_link.js';
import { conflictRegions, locate } from '../editor/offsets.js';
import { Overlay } from '../editor/overlay.js';
import { printWhole } from '../editor/print.js';
import { HistoryLink } from '../history/history_link.js';
import { LastLooked } from '../history/last_looked.js';
import { StripesLink } from '../history/stripes_link.js';
import { isKeptPage, lastSeen, OfflineLink } from '../offline/offline_link.js';
import { Announcer, announce } from '../people/announcer.js';
import { showFace } from '../people/faces.js';
import { Hold } from '../people/hold.js';
import { OwnName } from '../people/own_name.js';
import { People } from '../people/people.js';
import { PresenceSender } from '../people/presence_sender.js';
import { GuestLinks, share } from '../people/share.js';
import { PreviewLink } from '../preview/preview_link.js';
import { Connection, systemClock } from '../replica/connection.js';
import { Pacing, withFrames } from '../replica/pacing.js';
import { isAnswer } from '../replica/protocol.js';
import { Replica } from '../replica/replica.js';
import { pointsIn } from '../text/points.js';
import { say } from '../text/say.js';
import { titleOf } from '../text/title.js';
import { byId, set } from '../ui/dom.js';
import { download, fileOf } from '../ui/export_text.js';
import { Menu } from '../ui/menu.js';
import { NoticeBar } from '../ui/notice_bar.js';
import { OnDemand } from '../ui/on_demand.js';
import { Settings } from '../ui/settings.js';
import { StatusLine } from '../ui/status.js';
import { forget, remember, rename, userName } from '../ui/storage.js';
import { Toast } from '../ui/toast.js';
import { showWelcome } from '../ui/welcome.js';

const TICK_MS = 1000;
// An answer that takes longer was lost: reconnect.
const ANSWER_MAX_MS = 15_000;
// After Ctrl+S: a text that takes longer is not saved yet.
const SAVED_WITHIN_MS = 2_000;
const TELL_AGAIN_MS = 50;

const homeUrl = byId('home', HTMLAnchorElement).href;
const documentName = decodeURIComponent(
  location.pathname.slice(new URL('d/', homeUrl).pathname.length),
);
/** The names that redirect here. They are the server's word, as drafts under them become this document's. */
const formerNames = byId('former-names', HTMLMetaElement).content.split(' ').filter(Boolean);
const clock = withFrames(systemClock);

// Components

const focusEditor = () => editor.focus();
const notices = new NoticeBar(focusEditor);
const toast = new Toast(focusEditor);
const downloadText = () => {
  const file = download(fileOf(documentName), editor.text);
  announce(say('downloaded', { name: file }));
};

const socketUrl = new URL(`ws/${documentName}`, homeUrl);
socketUrl.protocol = location.protocol === 'https:' ? 'wss:' : 'ws:';

const lifetime = new ClientLifetime(
  { document: documentName, formerNames },
  { clock, connect: (listener) => new Connection(socketUrl.href, listener) },
  {
    replica: () => replica,
    name: () => ownName.name,
    isViewOnly: () => editor.isReadOnly,
    restartAs,
    keepingChanged: () => show(),
    announce,
    notices,
    toast,
    offerChanged: () => show(),
    focusEditor,
  },
);
let replica = new Replica(lifetime.snapshot);

const connection = new Connection(socketUrl.href, {
  opened: () => carryOut(replica.opened(ownName.name)),
  closed: () => {
    statusLine.offline();
    carryOut(replica.closed());
  },
  received,
  changed: (state) => {
    show();
    if (state.name === 'refused') offline.refused(state.kind);
    if (state.name === 'moved') location.replace(`${homeUrl}d/${state.document}${location.hash}`);
  },
});

const settings = new Settings(byId('text', HTMLTextAreaElement), {
  changed: () => {
    overlay.redraw();
    stripes.show(settings.areAuthorsShown);
    lines.showNumbers(settings.areLinesNumbered);
  },
  announce: announce,
});
const announcer = new Announcer(() => settings.announcements, clock);
/** @param {string} sentence */
const announceImportant = (sentence) => announcer.announceImportant(sentence);

const editor = new Editor(byId('text', HTMLTextAreaElement), {
  typed: (splices) => edited(splices),
  moved: () => presenceSender.changed(),
  composing: (isComposing) => {
    if (isComposing) pacing.hold('composing');
    else pacing.release('composing');
  },
  historyChanged: showHistory,
});

const pacing = new Pacing(
  { send: () => carryOut(replica.flush()), show: () => carryOut(replica.catchUp()) },
  clock,
);
const presenceSender = new PresenceSender(sendPresence, clock);
const statusLine = new StatusLine(clock, notices, {
  announce: announceImportant,
  reconnect: () => connection.wake(),
  download: downloadText,
});
const counts = new Counts(() => editor.text, clock);

const hold = new Hold(notices, {
  held: (isHolding) => {
    if (isHolding) pacing.hold('paused');
    else pacing.release('paused');
  },
  changed: () => show(),
  announce,
});

const ownName = new OwnName(userName(), {
  renamed: (name) => {
    rename(name);
    presenceSender.changed();
  },
  focusEditor,
  announce,
});

const conflictView = new ConflictView(
  documentName,
  { notices, toast },
  {
    resolve: (results) => decide(() => replica.resolve(results)),
    park: () => decide(() => replica.park()),
    resolveParked: (parked, results) => carryOut(replica.resolveParked(parked, results)),
    undo: () => editor.undo(),
    text: () => editor.text,
    goTo: (position) => editor.goTo(position),
    announce: announceImportant,
    focusEditor,
    showFace: (element, who) =>
      showFace(
        element,
        who.isSelf ? ownName.face : (people.named(who.name) ?? { name: who.name ?? '' }),
      ),
  },
);

const parkedLink = new ParkedLink(documentName, {
  self: () => ({ client: replica.client, name: ownName.name }),
  isBusy: () => replica.conflict !== null || replica.isDeciding,
  isViewOnly: () => editor.isReadOnly,
  opened: () => toast.hide(), // the panel would cover it
  review: (parked, wording, opener) => conflictView.review(parked, wording, opener),
});

const people = new People(
  {
    goTo: (client) => {
      const head = people.places.find((place) => place.client === client)?.head;
      if (head !== undefined) editor.goTo(Math.min(replica.toLocal(head), pointsIn(replica.local)));
    },
    changed: showOthers,
    joined: (sentence) => ownName.ask(sentence),
    announce: announceImportant,
  },
  clock,
);
const overlay = new Overlay(byId('text', HTMLTextAreaElement), (index) => conflictView.open(index));
new Menu(fileOf(documentName), {
  download: downloadText,
  save,
  preview: () => preview.toggle(),
  find: () => finder.use((panel) => panel.open()),
  goToLine: () => lines.ask(),
  copyLineLink: () => lines.copyLink(),
});

share(documentName, announce);
const guestLinks = new GuestLinks(documentName, announce);

const peopleHere = () => [ownName.face, ...people.others];
const stripes = new StripesLink({
  document: documentName,
  area: byId('text', HTMLTextAreaElement),
  text: () => editor.text,
  known: () => replica.newest,
  people: peopleHere,
});
const lastLooked = new LastLooked(documentName);
const host = {
  document: documentName,
  area: byId('text', HTMLTextAreaElement),
  overlay,
  text: () => editor.text,
  isViewOnly: () => editor.isReadOnly,
  looked: () => lastLooked.since,
  change: changeAsUser,
  undo: () => editor.undo(),
  people: peopleHere,
  toast,
  announce,
  focusEditor,
};
const historyLink = new HistoryLink(host);
const preview = new PreviewLink(host);
const finder = new OnDemand(
  () => import('../find/find.js').then((it) => it.FindPanel.load(host)),
  loadFailed,
);
const lines = new LinesLink(host, loadFailed);
const offline = new OfflineLink({
  document: documentName,
  newest: () => replica.newest,
  isOnline: () => replica.link === 'online',
  isViewOnly: () => replica.isViewOnly,
});

// Messages and edits

/** The user changed the text. @param {readonly import('../text/splices.js').Splice[]} splices @param {string} [restores] */
function edited(splices, restores) {
  carryOut(replica.edited(editor.text, splices, restores));
  announcer.typed();
  conflictView.edited();
  pacing.edited();
  presenceSender.changed();
}

/** Change the text as the user, in one step. @param {readonly import('../text/splices.js').Splice[]} splices @param {string} [restores] */
function changeAsUser(splices, restores) {
  editor.changeAsUser(splices);
  edited(splices, restores);
}

/** @param {unknown} problem */
function loadFailed(problem) {
  console.error(problem);
  toast.show(say('loadFailed'));
}

/** Whether the server has let this page in. */
let isWelcomed = false;

/** The type of the server's last message. */
let answer = '';

/** @param {import('../replica/protocol.js').ServerMessage} message */
function received(message) {
  if (message.type === 'presence') {
    people.moved(message);
    if (message.left) lifetime.left(message.client);
    pacing.areOthersHere = people.areOthersHere;
    return;
  }
  if (message.type === 'unmerged') {
    parkedLink.show(message.count);
    return;
  }
  if (message.type === 'welcome' && message.access === 'view') {
    if (!editor.isReadOnly) announceImportant(say('viewOnlyHint'));
    editor.setReadOnly(true);
    if (lifetime.setAside(message.conflict !== null)) return;
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
  else if (hasChangesOfOthers(message)) {
    hold.updateReceived();
    historyLink.updateReceived();
  }
  if (message.type === 'update') othersWrote(message, before);
  if (message.type === 'error' && message.seq === undefined) announce(message.message);
  // Edits made while waiting for the answer are sent next.
  if (isAnswer(message)) pacing.answerReceived();
  else if (message.type === 'update') pacing.updateReceived();
}

/** @param {import('../replica/protocol.js').ServerMessage} message */
function hasChangesOfOthers(message) {
  return message.type === 'update' || (message.type === 'merged' && message.splices.length > 0);
}

/** @param {import('../replica/protocol.js').Update} update @param {string} before */
function othersWrote({ clients = [], splices }, before) {
  people.typed(clients);
  const isAdopted = replica.newest.text !== before; // otherwise a pending answer will bring it
  if (splices && isAdopted) announcer.collect({ who: people.namesOf(clients), splices, before });
}

/** @param {import('../replica/protocol.js').Welcome} message */
function welcomed(message) {
  statusLine.online();
  people.reset(message.people, message.client);
  pacing.areOthersHere = people.areOthersHere;
  parkedLink.show(message.unmerged ?? 0);
  if (!isWelcomed && !isKeptPage) preview.restore();
  isWelcomed = true;
  rememberTitle();
  const own = message.people.find(({ client }) => client === message.client);
  ownName.welcomed(own?.color, message.name ?? null);
  guestLinks.allow(message.manage === true);
  lifetime.welcomed(message.people);
  presenceSender.changed();
  offline.begin();
}

/** For the list of recent documents. */
function rememberTitle() {
  if (isWelcomed) remember(documentName, titleOf(replica.local || replica.newest.text));
}

/** @param {import('../replica/replica.js').Output} output */
function carryOut({ send, changes, lost }) {
  for (const message of send) connection.send(message);
  for (const { splices, isOwn } of changes) {
    if (isOwn) editor.changeAsUser(splices);
    else editor.change(splices);
  }
  if (lost) lifetime.lost(lost);
  if (isWelcomed && !replica.isBehind) lines.opened();
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

/** Continue as a new client: another page has the old one. @param {import('../replica/replica.js').Snapshot | null} rest */
function restartAs(rest) {
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

function sendPresence() {
  const { commit } = replica.known;
  if (replica.link !== 'online' || commit === null) return;
  const { anchor, head } = editor.selection;
  connection.send({
    type: 'presence',
    base: commit,
    name: ownName.name,
    anchor: replica.toKnown(anchor),
    head: replica.toKnown(head),
  });
}

// Rendering

function show() {
  statusLine.show({
    replica,
    connection: connection.state,
    isKept: lifetime.isKeeping,
    isUnsentOffered: lifetime.isUnsentOffered,
    held: hold.waiting,
  });
  if (isShutOut()) editor.setReadOnly(true);
  else if (replica.link === 'online') editor.setReadOnly(replica.isViewOnly);
  showCard();
  conflictView.show(replica.conflict, replica.isDeciding, answer);
  counts.changed();
  lifetime.changed();
  preview.changed();
}

/** Whether the user has no access any more: nothing that is typed now may ever be sent. */
function isShutOut() {
  const { state } = connection;
  return state.name === 'refused' && state.kind !== 'deleted';
}

function showCard() {
  const isAlone = replica.link === 'online' && !replica.isViewOnly && !people.areOthersHere;
  showWelcome(replica.local === '', isAlone, focusEditor);
}

function showHistory() {
  set(byId('undo', HTMLButtonElement), 'disabled', !editor.canUndo);
  set(byId('redo', HTMLButtonElement), 'disabled', !editor.canRedo);
}

/** Ctrl+S: every change is saved anyway; say whether it is. */
function save() {
  pacing.sendNow();
  const untilMs = clock.now() + SAVED_WITHIN_MS;
  const tell = () => {
    const isSaved = replica.link === 'online' && replica.state.name === 'idle' && !replica.isUnsent;
    if (isSaved || clock.now() >= untilMs) toast.show(savedSentence(isSaved));
    else clock.after(tell, TELL_AGAIN_MS);
  };
  tell();
}

/** @param {boolean} isSaved */
function savedSentence(isSaved) {
  if (isSaved) return say(lifetime.isUnsentOffered ? 'unsentByKey' : 'savedByKey');
  return replica.refused ?? say(lifetime.isKeeping ? 'notSavedByKey' : 'notKept');
}

/** Show the positions of the others, and the regions of a conflict, in the text of the editor. */
function showOthers() {
  const { conflict, newest, local } = replica;
  // In a conflict their positions are in the document's text, not in the text sent from here.
  const [commit, text] = conflict
    ? [conflict.revision, conflict.text]
    : [newest.commit, newest.text];
  showCard();
  people.known(commit, text);
  const places = locate(people.places, text, local);
  people.show(places);
  overlay.showPeople(places);
  stripes.show(settings.areAuthorsShown);
  overlay.showRegions(conflict ? conflictRegions(conflict, local) : []);
}

function tick() {
  const nowMs = clock.now();
  if (
    replica.link === 'online' &&
    waitingSinceMs !== null &&
    nowMs - waitingSinceMs > ANSWER_MAX_MS
  ) {
    connection.drop();
  }
  announcer.tick(replica.newest.text);
  if (statusLine.isWaiting) show();
}

// The page

addEventListener('online', () => connection.wake());
addEventListener('focus', () => connection.wake()); // the user may have signed in elsewhere
addEventListener('pageshow', (event) => {
  if (event.persisted) wake();
});
document.addEventListener('resume', wake);
document.addEventListener('freeze', leave);
addEventListener('pagehide', leave);
document.addEventListener('visibilitychange', () => {
  if (document.visibilityState === 'visible') {
    lifetime.shown();
    lastLooked.shown();
    connection.wake();
  } else {
    pacing.sendNow();
    lifetime.saveNow();
    rememberTitle();
    if (replica.newest.isRevision) lastLooked.hidden(replica.newest.commit);
  }
});
addEventListener('beforeunload', (event) => {
  pacing.sendNow();
  lifetime.saveNow();
  if (lifetime.wouldLose) event.preventDefault();
});

/** The page is being unloaded, or put to sleep, perhaps never to wake. */
function leave() {
  pacing.sendNow();
  const { state } = connection;
  lifetime.leave(state.name === 'refused' && state.kind === 'deleted');
  connection.close();
}

async function wake() {
  await lifetime.wake();
  connection.wake();
}

byId('title', HTMLElement).title = documentName;
byId('undo', HTMLButtonElement).onclick = () => editor.undo();
byId('redo', HTMLButtonElement).onclick = () => editor.redo();

for (const former of formerNames) forget(former);
if (lifetime.hasMoved) toast.show(say('documentRenamed', { name: documentName }));
printWhole(() => editor.text);
if (replica.local) editor.restore(replica.local);
editor.focus();
lines.showNumbers(settings.areLinesNumbered);
begin();
setInterval(tick, TICK_MS);
show();

async function begin() {
  if (isKeptPage) await beginOffline();
  await lifetime.begin();
  connection.open();
}

/** Without a connection: go on with unsent text, or with the text that was last seen. */
async function beginOffline() {
  editor.setReadOnly(true);
  const seen = await lastSeen(documentName);
  if (!lifetime.snapshot) {
    const snapshot = (await lifetime.adopt()) ?? (seen && newClientAt(seen.known));
    if (snapshot) replica = new Replica(snapshot);
    editor.restore(replica.local);
  }
  editor.setReadOnly(seen?.isViewOnly ?? false);
  if (seen) statusLine.startOffline(seen);
  lines.opened();
  preview.restore();
  show();
}

/** For tests: whether the server has everything and the editor shows everything. */
Object.assign(window, { gollabedit: { settled: () => replica.isSettled && !replica.conflict } });
