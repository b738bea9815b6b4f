// The worker that searches. It keeps the text, so that only a text that has changed is sent.

import { answerTo } from './search.js';

/** @typedef {{text: string | null, task: import('./search.js').Task}} Request text: null if unchanged */

let text = '';

addEventListener('message', (/** @type {MessageEvent<Request>} */ { data }) => {
  text = data.text ?? text;
  postMessage(answerTo(text, data.task));
});
postMessage({ kind: 'ready' });
