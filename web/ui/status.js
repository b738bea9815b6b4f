// What the header says about the state of the user's text. Pure: it is told the time.
// It says "saved" only of what the server has acknowledged.

/** @typedef {import('../replica/connection.js').ConnectionState} ConnectionState */
/** @typedef {{icon: string, text: string, said: string}} Status said: to be announced, once */
/**
 * @typedef {{replica: import('../replica/replica.js').Replica, connection: ConnectionState, nowMs: number,
 *   dirtySinceMs: number | null, offlineSinceMs: number | null, isKept: boolean}} Situation isKept:
 *   whether what is not sent yet would still be there if the page went away
 */

const SLOW_MS = 2_000;
const OFFLINE_SHOWN_MS = 2_000;

/** @param {Situation} situation @returns {Status} */
export function statusOf(situation) {
  const { replica, connection, nowMs, dirtySinceMs, offlineSinceMs } = situation;
  if (connection.name === 'refused') return warning(connection.reason);
  if (offlineSinceMs !== null && nowMs - offlineSinceMs >= OFFLINE_SHOWN_MS)
    return offline(situation);
  if (replica.refused) return warning(replica.refused);
  if (replica.state.name === 'retrying') return warning(replica.state.message);
  if (replica.conflict && !replica.isDeciding) {
    const count = replica.conflict.hunks.length;
    const text = `${count} conflict${count === 1 ? '' : 's'} to review. Everything else is saved.`;
    return { icon: '⚠', text, said: '' }; // the bar says it
  }
  if (replica.known.commit === null) return { icon: '…', text: 'Loading', said: '' };
  if (dirtySinceMs === null) return { icon: '✓', text: 'Saved', said: '' };
  const text = nowMs - dirtySinceMs < SLOW_MS ? 'Saving' : 'Still saving';
  return { icon: '…', text, said: '' };
}

/** @param {Situation} situation @returns {Status} */
function offline({ connection, nowMs, replica, isKept }) {
  const isWaiting = connection.name === 'waiting';
  const reason = (isWaiting && connection.reason) || 'Offline';
  if (!isKept)
    return warning(`${reason}. This browser can’t store your text: copy it somewhere safe.`);
  const advice =
    replica.known.commit === null ? '' : ' Keep typing: your text is stored on this device.';
  const seconds = isWaiting ? Math.ceil((connection.untilMs - nowMs) / 1000) : 0;
  const again = seconds > 3 ? ` Reconnecting in ${seconds} s.` : '';
  const said = `${reason}.${advice}`;
  return { icon: '⚠', text: said + again, said };
}

/** @param {string} text @returns {Status} */
function warning(text) {
  return { icon: '⚠', text, said: text };
}
