"""The three-way merge and what it needs: pure text, without repositories, files and clocks.

| module          | purpose                                                                 |
| --------------- | ----------------------------------------------------------------------- |
| `tokens`        | cuts of a text: lines, clauses, words, blanks, grapheme clusters         |
| `diff`          | the shortest edit script between two lists of tokens (Git's xdiff)       |
| `splices`       | a change as a list of `(start, deleted, inserted)`                       |
| `diff_splices`  | the splices between two texts                                            |
| `regions`       | three texts, divided into regions that merge or are in conflict          |
| `order`         | the order of two insertions of whole lines                               |
| `placed`        | a change at the place where it was made                                  |
| `collisions`    | placed changes of the two sides that cannot both be applied              |
| `positional`    | the merge of placed changes                                              |
| `live_merge`    | the merge of whole texts that are live, by letters                       |
| `edits`         | a text as words, and the edits of a side, each at its likeliest place    |
| `duplicates`    | edits of the two sides that say the same thing twice                     |
| `interactions`  | edits of the two sides that interact, and those in conflict              |
| `leading_ends`  | lines with the line end before each, as the word merge reads them        |
| `word_merge`    | the merge of lines that both sides changed, by words                     |
| `result`        | the result of a merge: text, hunks, decisions                            |
| `line_ends`     | the merge of texts whose line ends one side converted                    |
| `three_way`     | the merge of whole texts, made of all the above                          |
| `local_merge`   | the merge of two known changes; reads only the lines around them         |
| `rendering`     | a unified diff                                                           |
| `markers`       | conflict markers, with `marker_writer` and `marker_reader`               |

Each module imports only from those above it. The same arguments always give the same result.

`from merge import merge` is all that a program needs: `merge(base, ours, theirs)` has the merged
`text`, and is `clean` unless it has `hunks`.
"""

from merge.three_way import merge

__all__ = ["merge"]
