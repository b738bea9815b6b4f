import assert from 'node:assert/strict';
import { test } from 'node:test';
import { UndoHistory } from '../../web/editor/undo_history.js';
import { diffSplices } from '../../web/text/diff_splices.js';
import { apply } from '../../web/text/splices.js';
import { random } from './random.js';

/** @typedef {import('../../web/text/splices.js').Splice} Splice */

/** A text, its user and all others. */
class Desk {
  history = new UndoHistory();
  nowMs = 0;

  /** @param {string} text */
  constructor(text) {
    this.text = text;
  }

  /** @param {number} at @param {number} deleted @param {string} inserted @param {import('../../web/editor/undo_history.js').EditKind} kind */
  does(at, deleted, inserted, kind = 'other') {
    const splices = /** @type {Splice[]} */ ([[at, deleted, inserted]]);
    this.history.record(this.text, splices, kind, this.nowMs);
    this.text = apply(this.text, splices);
  }

  /** @param {number} at @param {string} letters */
  types(at, letters, pauseMs = 100) {
    for (const letter of letters) {
      this.does(at++, 0, letter, 'typing');
      this.nowMs += pauseMs;
    }
  }

  /** @param {string} text */
  othersMake(text) {
    this.othersDo(diffSplices(this.text, text));
  }

  /** @param {Splice[]} splices */
  othersDo(splices) {
    this.history.shift(splices);
    this.text = apply(this.text, splices);
  }

  undoes() {
    this.text = apply(this.text, this.history.undo(this.text));
    return this.text;
  }

  redoes() {
    this.text = apply(this.text, this.history.redo(this.text));
    return this.text;
  }
}

test('uninterrupted typing is one step, and can be redone', () => {
  const desk = new Desk('one two');
  desk.types(3, ' and');
  assert.equal(desk.text, 'one and two');
  assert.equal(desk.undoes(), 'one two');
  assert.equal(desk.history.canUndo, false);
  assert.equal(desk.redoes(), 'one and two');
  assert.equal(desk.history.canRedo, false);
});

test('after a pause, at another place, or of another kind it is another step', () => {
  const desk = new Desk('');
  desk.types(0, 'one');
  desk.nowMs += 5000;
  desk.types(3, ' two');
  desk.types(0, 'zero ');
  desk.does(4, 1, '', 'deleting');
  assert.equal(desk.undoes(), 'zero one two');
  assert.equal(desk.undoes(), 'one two');
  assert.equal(desk.undoes(), 'one');
  assert.equal(desk.undoes(), '');
});

test('letters that are deleted one after the other, forward or backward, are one step', () => {
  const desk = new Desk('abcdef');
  for (const at of [3, 2, 1]) desk.does(at, 1, '', 'deleting');
  assert.equal(desk.text, 'aef');
  assert.equal(desk.undoes(), 'abcdef');
  for (let count = 0; count < 3; count++) desk.does(1, 1, '', 'deleting');
  assert.equal(desk.text, 'aef');
  assert.equal(desk.undoes(), 'abcdef');
});

test('what others type meanwhile neither ends a step nor goes away with it', () => {
  const desk = new Desk('the end\n');
  desk.types(4, 'very ');
  desk.othersMake('NEW the very end\n');
  desk.types(13, 'last ');
  assert.equal(desk.text, 'NEW the very last end\n');
  assert.equal(desk.undoes(), 'NEW the end\n');
  assert.equal(desk.redoes(), 'NEW the very last end\n');
});

test('others’ insertions into it stay, and what they removed of it does not come back', () => {
  const desk = new Desk('begin end');
  desk.types(6, 'one two three ');
  desk.othersMake('begin one TWO two three end');
  desk.othersMake('begin one TWO two end');
  assert.equal(desk.undoes(), 'begin TWO end');
  assert.equal(desk.redoes(), 'begin one TWO two end');
});

test('a step of which nothing is left is no step', () => {
  const desk = new Desk('begin end');
  desk.types(6, 'mine ');
  desk.othersMake('begin end');
  assert.equal(desk.history.canUndo, false);
  assert.equal(desk.undoes(), 'begin end');
});

test('typing after an undo clears the redo', () => {
  const desk = new Desk('');
  desk.types(0, 'one');
  desk.undoes();
  desk.types(0, 'two');
  assert.equal(desk.history.canRedo, false);
});

test('at most 500 steps are kept', () => {
  const desk = new Desk('');
  for (let count = 0; count < 600; count++) desk.does(count, 0, 'x');
  for (let count = 0; count < 600; count++) desk.undoes();
  assert.equal(desk.text, 'x'.repeat(100));
});

test('undo-all takes away nothing of others, redo-all is exact', () => {
  let [own, foreign] = [0, 0];
  for (let seed = 1; seed <= 4000; seed++) {
    const session = new Session(seed);
    for (let step = 0; step < 14; step++) session.step();
    const before = session.text;
    let undone = 0;
    for (; session.history.canUndo; undone++) session.undoes();
    assert.equal(session.othersIn(session.text), session.othersIn(before), `seed ${seed}: undo`);
    assert.equal(session.ownIn(session.text), '', `seed ${seed}: something own is left`);
    for (; undone > 0; undone--) session.redoes();
    assert.equal(session.text, before, `seed ${seed}: redo`);
    own += session.ownIn(before).length;
    foreign += session.othersIn(before).length;
  }
  assert.ok(own > 20_000 && foreign > 20_000, `vacuous: ${own}, ${foreign}`);
});

/** The user's letters are lowercase, those of others uppercase; the others delete only the user's letters. */
class Session extends Desk {
  /** @param {number} seed */
  constructor(seed) {
    super('ONE 😀 TWO\n');
    this.dice = random(seed);
  }

  ownIn(/** @type {string} */ text) {
    return text.replace(/[^a-z]/g, '');
  }

  othersIn(/** @type {string} */ text) {
    return text.replace(/[a-z]/g, '');
  }

  step() {
    const { dice } = this;
    const points = [...this.text];
    const at = dice.below(points.length + 1);
    const chance = dice.below(10);
    this.nowMs += dice.pick([50, 5000]);
    if (chance < 4) this.types(at, dice.pick(['a', 'bc', 'defghi']));
    else if (chance < 5 && /[a-z]/.test(points[at] ?? '')) this.does(at, 1, '', 'deleting');
    else if (chance < 6) this.undoes();
    else if (chance < 7) this.redoes();
    else if (chance < 9) this.othersDo([[at, 0, dice.pick(['X', 'YZ', '😀', '\n'])]]);
    else this.#othersDelete(points);
  }

  /** @param {string[]} points */
  #othersDelete(points) {
    const at = points.findIndex((point) => /[a-z]/.test(point));
    if (at >= 0) this.othersDo([[at, 1, '']]);
  }
}
