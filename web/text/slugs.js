// The names of headings in addresses, as GitHub makes them. Pure.

/** Names headings in their order: of two that are alike, the second gets a number. */
export class Slugs {
  /** @type {Map<string, number>} */
  #used = new Map();

  /** @param {string} title as it is read, without marks */
  of(title) {
    const letters = title.trim().toLowerCase();
    const first = letters
      .replace(/[^\p{Alphabetic}\p{M}\p{Nd}\p{Pc}\- ]/gu, '')
      .replaceAll(' ', '-');
    let slug = first;
    while (this.#used.has(slug)) {
      const count = (this.#used.get(first) ?? 0) + 1;
      this.#used.set(first, count);
      slug = `${first}-${count}`;
    }
    this.#used.set(slug, 0);
    return slug;
  }
}
