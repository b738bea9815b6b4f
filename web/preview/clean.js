// The first line of defence: of a text's HTML only the elements and attributes of a plain page are left,
// links lead only where they may, and pictures are only loaded from servers that the user has named. The
// second one is the frame (server/http/preview.py).

import { say } from '../text/say.js';
import { serverOf, targetOf } from './links.js';

/** @typedef {typeof import('../vendor/dompurify.js').default} DOMPurify */
/**
 * @typedef {object} Place where a text is shown
 * @property {string} document the name of its document
 * @property {(name: string) => string} addressOf the address of a document
 * @property {ReadonlySet<string>} servers those whose pictures may be loaded
 */

const TAGS =
  'a abbr b blockquote br caption cite code dd del details dfn div dl dt em figcaption figure h1 h2 h3 ' +
  'h4 h5 h6 hr i img input ins kbd li mark ol p pre q s samp small span strong sub summary sup table ' +
  'tbody td tfoot th thead tr u ul var';
// No style, class, id or name: the text cannot look like a part of the page.
const ATTRIBUTES =
  'align alt colspan dir height href lang open reversed rowspan scope src start title type width';
const OWN_DATA = /^data:image[/]/i;
const RULES = {
  ALLOWED_TAGS: TAGS.split(' '),
  ALLOWED_ATTR: ATTRIBUTES.split(' '),
  ALLOW_ARIA_ATTR: false,
  ALLOW_DATA_ATTR: false,
  RETURN_DOM_FRAGMENT: true,
};

/** Load the library, with these rules. @returns {Promise<DOMPurify>} */
export async function loadCleaner() {
  const { default: purify } = await import('../vendor/dompurify.js');
  purify.setConfig(RULES); // once: with each text they would take twice the time
  return purify;
}

/**
 * The elements of an HTML text that may be shown.
 *
 * @param {DOMPurify} purify
 * @param {string} html
 * @param {Place} place
 * @returns {{content: DocumentFragment, refused: Set<string>}} refused: the servers of pictures that are
 *   not loaded
 */
export function clean(purify, html, place) {
  // null if there is no page at all, as of `<frameset>`
  const cleaned = /** @type {DocumentFragment | null} */ (
    /** @type {unknown} */ (purify.sanitize(html))
  );
  const content = cleaned ?? document.createDocumentFragment();
  /** @type {Set<string>} */
  const refused = new Set();
  for (const link of content.querySelectorAll('a')) lead(link, place);
  for (const picture of content.querySelectorAll('img')) admit(picture, place.servers, refused);
  return { content, refused };
}

/** Have a link lead only where it may. @param {HTMLAnchorElement} link @param {Place} place */
function lead(link, { document, addressOf }) {
  const target = targetOf(link.getAttribute('href') ?? '', document);
  link.removeAttribute('href');
  if (!target) return;
  link.rel = 'noopener noreferrer';
  if (target.kind === 'heading') {
    link.href = `#${encodeURIComponent(target.id)}`;
  } else if (target.kind === 'document') {
    link.href = addressOf(target.name) + target.hash;
    link.target = '_blank'; // where the frame reports no clicks; otherwise it opens in place
    link.dataset.document = target.name;
  } else {
    link.href = target.href;
    link.target = '_blank';
  }
}

/** Load a picture only if it may be. @param {HTMLImageElement} picture @param {ReadonlySet<string>} servers @param {Set<string>} refused */
function admit(picture, servers, refused) {
  const src = picture.getAttribute('src') ?? '';
  if (OWN_DATA.test(src)) return;
  const server = serverOf(src);
  if (server && servers.has(server)) return;
  if (server) refused.add(server);
  const words = document.createElement('span');
  words.dataset.picture = '';
  const alt = picture.alt || say('picture');
  words.textContent = server ? say('pictureFrom', { alt, host: new URL(server).host }) : alt;
  picture.replaceWith(words);
}
