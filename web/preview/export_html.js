// A shown text as a file of its own: one HTML page that needs nothing else, and loads nothing.

const POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:";

/**
 * The page.
 *
 * @param {HTMLElement} content a copy of what is shown, which changes
 * @param {string} title
 * @param {string} styles
 */
export function pageOf(content, title, styles) {
  for (const link of content.querySelectorAll('a')) {
    const isHere = link.getAttribute('href')?.startsWith('#');
    if (link.href && !isHere) link.setAttribute('href', link.href); // the whole address
    link.removeAttribute('data-document');
  }
  for (const box of content.querySelectorAll('input')) box.disabled = true;
  for (const name of ['tabindex', 'aria-label']) content.removeAttribute(name);
  const page = document.implementation.createHTMLDocument(title);
  page.documentElement.lang = document.documentElement.lang;
  const metas = [
    { charset: 'utf-8' },
    { 'http-equiv': 'Content-Security-Policy', content: POLICY },
    { name: 'viewport', content: 'width=device-width, initial-scale=1' },
  ].map((attributes) => {
    const meta = page.createElement('meta');
    for (const [name, value] of Object.entries(attributes)) meta.setAttribute(name, value);
    return meta;
  });
  page.head.prepend(...metas);
  const main = page.createElement('main');
  main.append(content);
  page.body.append(main);
  // As text: the policy of this page would hold for an element.
  const [head, rest] = page.documentElement.outerHTML.split('</head>', 2);
  return `<!doctype html>\n${head}<style>\n${styles}</style>\n</head>${rest}\n`;
}
