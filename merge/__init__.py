"""Pure text: positions, differences, the three-way merge. No repository, no files, no clock.

| module      | what it is                                                             |
| ----------- | ---------------------------------------------------------------------- |
| `tokens`    | where a text may be cut: lines, words, blanks, grapheme clusters        |
| `diff`      | the shortest way from one list of tokens to another (Git's own xdiff)   |
| `splices`   | a change as a list of `(start, deleted, inserted)`                      |
| `pieces`    | three texts side by side, cut in pieces that merge or disagree          |
| `typed`     | the merge of what was typed a moment ago, letter by letter              |
| `edits`     | a text as words, and what one side changed, each at its likeliest place |
| `disputes`  | which edits of the two sides meet, and which of those are in dispute    |
| `words`     | the merge of one disputed stretch, word by word, made of the two above  |
| `three_way` | the merge of whole texts, made of all of them                           |
| `rendering` | changes shown to people                                                 |

Each imports only from those above it. The same arguments always give the same answer.
"""
