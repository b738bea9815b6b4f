"""Pure text: positions, differences, the three-way merge. No repository, no files, no clock.

| module          | what it is                                                             |
| --------------- | ---------------------------------------------------------------------- |
| `tokens`        | where a text may be cut: lines, clauses, words, blanks, graphemes       |
| `diff`          | the shortest way from one list of tokens to another (Git's own xdiff)   |
| `splices`       | a change as a list of `(start, deleted, inserted)`                      |
| `between`       | finding the splices between two texts                                   |
| `pieces`        | three texts side by side, cut in pieces that merge or disagree          |
| `order`         | which of two stretches of whole lines comes first                       |
| `placed`        | a change at the place where it was made                                 |
| `collisions`    | which placed changes of the two sides cannot both be carried out        |
| `positional`    | the merge of placed changes                                             |
| `typed`         | what was typed a moment ago, read from the texts                        |
| `edits`         | a text as words, and what one side changed, each at its likeliest place |
| `doubling`      | whether the two sides say the same thing twice                          |
| `disputes`      | which edits of the two sides meet, and which of those are in dispute    |
| `words`         | the merge of one disputed stretch, word by word, made of those three    |
| `result`        | what a merge comes to: text, hunks, what was decided how                |
| `line_ends`     | the merge of texts of which one side converted the line ends            |
| `three_way`     | the merge of whole texts, made of all of them                           |
| `nearby`        | the merge of two known changes, of which only the lines around are read  |
| `rendering`     | changes shown to people, by lines or by words                           |
| `markers`       | conflict markers in a text: `marker_writer` and `marker_reader`         |

Each imports only from those above it. The same arguments always give the same answer.

`from merge import merge` is all that a program needs: `merge(base, ours, theirs)` has the merged
`text`, and is `clean` unless it has `hunks`.
"""

from merge.three_way import merge

__all__ = ["merge"]
