// Reads Markdown beside the page: a large or hostile text does not keep the page from answering. Sent
// a text, it answers with the blocks.

import { blocksOf } from './markdown.js';

const loading = import('../vendor/marked.js');

self.onmessage = async ({ data }) => {
  self.postMessage(blocksOf(await loading, data));
};
