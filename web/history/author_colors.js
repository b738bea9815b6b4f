// Colours for the authors of the history: of those who are here the colour they have, for the others
// one of the same palette that is used least. A name keeps its colour while the page is open. Pure.

// As in server/core/presence.py.
const COLORS = [
  '#8a3ffc',
  '#0a7d4f',
  '#c2410c',
  '#0a58ca',
  '#be185d',
  '#6b6100',
  '#0e7490',
  '#9f1239',
];

export class AuthorColors {
  #people;
  /** @type {Map<string, string>} */
  #colors = new Map();

  /** @param {() => readonly import('../people/faces.js').Face[]} people those who are here */
  constructor(people) {
    this.#people = people;
  }

  /** @param {string} name @returns {string} as #rrggbb */
  of(name) {
    const people = this.#people();
    const known = people.find((person) => person.name === name)?.color ?? this.#colors.get(name);
    if (known) return known;
    const used = [...this.#colors.values(), ...people.map(({ color }) => color)];
    const uses = COLORS.map((color) => used.filter((it) => it === color).length);
    const free = /** @type {string} */ (COLORS[uses.indexOf(Math.min(...uses))]);
    this.#colors.set(name, free);
    return free;
  }
}
