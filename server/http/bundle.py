"""Bundles: a page's script or style sheet and all that it imports as one small file.

The modules of `web/` are plain ES modules and run as they are. Sixty modules are sixty requests,
in series as deep as they import each other; a bundle is one request, and compresses better. Each
module becomes a function that returns its exports:

    import { apply } from './splices.js';        const $splices = (() => {
    export function rebase(...) {...}       →    ...
                                                 return { apply, compose };
                                                 })();
                                                 const $rebase = (() => {
                                                 const { apply } = $splices;
                                                 function rebase(...) {...}
                                                 return { rebase };
                                                 })();

This is enough while every import is by name and from another module of `web/`, every export is a
function, class or constant, no modules import each other in a circle, and no two have the same file
name. Anything else raises an error.
A script that a page loads later, by `import()`, is a bundle of its own: it exports what its entry
does, and has copies of the modules that it shares with the page, which therefore keep no state.
Style sheets are joined in the order of their `@import "../ui/other.css";`.
"""

import re
from collections.abc import Mapping
from posixpath import basename, dirname, join, normpath

_IMPORT = re.compile(r"^import \{([^}]*)\} from '(\.\.?/[\w./]+)';$", re.MULTILINE)
_EXPORT = re.compile(r"^export ((?:async )?function\*?|class|const) (\w+)", re.MULTILINE)
_OTHER = re.compile(r"^(?:import|export)\b.*", re.MULTILINE)
_COMMENT_LINES = re.compile(r"^[ \t]*(?://.*|/\*(?:[^*]|\*(?!/))*\*/[ \t]*)\n", re.MULTILINE)
# At the end of a line of code. Within a string, its closing quote would follow.
_COMMENT_ENDS = re.compile(r"""(?<=[;{},()\]]) //[^'"`\n]*$""", re.MULTILINE)
_TYPES = re.compile(r"/\*\* @(?:(?!\*/).)*\*/ ?")
_INDENTATION = re.compile(r"^[ \t]+", re.MULTILINE)
_STYLES = re.compile(r'^@import "(\.\.?/[\w./]+)";$', re.MULTILINE)


class BundleError(ValueError):
    """A module cannot be bundled; the message names the module and the reason."""


def one_script(entry: str, modules: Mapping[str, str]) -> str:
    """Return a script equivalent to the module `entry` and its imports, with the same exports.

    Args:
        entry: the path of a module, such as `pages/document.js`.
        modules: the text of every module, by path.

    Raises:
        BundleError: a module is missing, modules import each other in a circle or have the same
            name, or one imports or exports in a way that is not supported.
    """
    done: dict[str, str] = {}
    _add(entry, modules, done, ())
    body = done.pop(entry)
    if len({_variable(path) for path in done}) < len(done):
        raise BundleError("two modules have the same name in different folders")
    parts = [f"const {_variable(name)} = (() => {{\n{text}}})();\n" for name, text in done.items()]
    exported = _exported(modules[entry])
    head = f"export const {{ {exported} }} = " if exported else ""
    return "".join([*parts, f"{head}(() => {{\n{body}}})();\n"])


def one_style_sheet(entry: str, sheets: Mapping[str, str]) -> str:
    """Return the style sheet `entry` with its imports in place."""
    return _STYLES.sub(lambda it: sheets[_resolved(it[1], entry)], sheets[entry])


def shortened(text: str) -> str:
    """Return a script or style sheet without comments, types and indentation.

    Two libraries that do more were tried. One moved a statement before its dependencies, the other
    removed spaces from strings; a few kilobytes are not worth that. This changes nothing for a
    browser as long as no string spans several lines; a test compares the two.
    """
    for readers_only in (_COMMENT_LINES, _COMMENT_ENDS, _TYPES, _INDENTATION):
        text = readers_only.sub("", text)
    return text


def _add(
    name: str, modules: Mapping[str, str], done: dict[str, str], importers: tuple[str, ...]
) -> None:
    """Add a module to `done`, after the modules that it imports."""
    if name in importers:
        raise BundleError(f"modules import in a circle: {' > '.join([*importers, name])}")
    if name in done:
        return
    if name not in modules:
        raise BundleError(f"{name} is missing ({' > '.join(importers)} imports it)")
    text = modules[name]
    for imported in _IMPORT.finditer(text):
        _add(_resolved(imported[2], name), modules, done, (*importers, name))
    done[name] = _as_function(name, text)


def _as_function(name: str, text: str) -> str:
    text = _IMPORT.sub(
        lambda it: f"const {{{_pattern(it[1])}}} = {_variable(_resolved(it[2], name))};", text
    )
    exported = _exported(text)
    text = _EXPORT.sub(r"\1 \2", text)
    if other := _OTHER.search(text):
        raise BundleError(f"{name}: not supported in a bundle: {other[0]}")
    return f"{text}return {{ {exported} }};\n" if exported else text


def _exported(text: str) -> str:
    return ", ".join(it[2] for it in _EXPORT.finditer(text))


def _pattern(names: str) -> str:
    """Return imported names as an object pattern on one line: `a, b: c` for `a, b as c`."""
    return " ".join(re.sub(r"(\w+) as (\w+)", r"\1: \2", names).split())


def _resolved(path: str, importer: str) -> str:
    """Return the path of a module that `importer` imports as `path`."""
    return normpath(join(dirname(importer), path))


def _variable(path: str) -> str:
    return "$" + basename(path).removesuffix(".js")
