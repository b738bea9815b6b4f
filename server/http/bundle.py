"""A page's script, or its style sheet, and all that it imports as one file, made small.

The modules of `web/` are plain ES modules and run as they are. Sixty of them are sixty requests,
one behind the other as deep as they import each other; one file is one request, and its parts
compress better together. Each module becomes a function that returns what it exports:

    import { apply } from './splices.js';        const $splices = (() => {
    export function rebase(...) {...}       →    ...
                                                 return { apply, compose };
                                                 })();
                                                 const $rebase = (() => {
                                                 const { apply } = $splices;
                                                 function rebase(...) {...}
                                                 return { rebase };
                                                 })();

That is all there is to it as long as a module imports names from its neighbours at its beginning,
exports functions, classes and constants, no two import each other, and no two have the same name.
Anything else is refused.
Style sheets are put together in the order of their `@import "./other.css";`.
"""

import re
from collections.abc import Mapping
from posixpath import basename, dirname, join, normpath

_IMPORT = re.compile(r"^import \{([^}]*)\} from '(\.\.?/[\w./]+)';$", re.MULTILINE)
_EXPORT = re.compile(r"^export ((?:async )?function\*?|class|const) (\w+)", re.MULTILINE)
_OTHER = re.compile(r"^(?:import|export)\b.*", re.MULTILINE)
_COMMENT_LINES = re.compile(r"^[ \t]*(?://.*|/\*(?:[^*]|\*(?!/))*\*/[ \t]*)\n", re.MULTILINE)
_TYPES = re.compile(r"/\*\* @(?:(?!\*/).)*\*/ ?")
_INDENTATION = re.compile(r"^[ \t]+", re.MULTILINE)
_STYLES = re.compile(r'^@import "(\./[\w.]+)";$', re.MULTILINE)


class BundleError(ValueError):
    """A module does something that a bundle does not know; the message says which, and what."""


def one_script(entry: str, modules: Mapping[str, str]) -> str:
    """A script that does what the module `entry` does.

    Args:
        entry: the path of a module, as `pages/document.js`.
        modules: the text of every module, by its path.

    Raises:
        BundleError: a module is missing, they import in a circle, or one imports or exports in
            another way than those above.
    """
    done: dict[str, str] = {}
    _add(entry, modules, done, ())
    body = done.pop(entry)
    if len({_variable(path) for path in done}) < len(done):
        raise BundleError("two modules have one name in different folders")
    parts = [f"const {_variable(name)} = (() => {{\n{text}}})();\n" for name, text in done.items()]
    return "".join([*parts, f"(() => {{\n{body}}})();\n"])


def one_style_sheet(entry: str, sheets: Mapping[str, str]) -> str:
    """A style sheet with those in it that `entry` imports."""
    return _STYLES.sub(lambda it: sheets[_resolved(it[1], entry)], sheets[entry])


def shortened(text: str) -> str:
    """A script or style sheet without what is for readers: lines of comment, types, indentation.

    Two libraries were tried that do more. One moved a statement before what it needs, the other
    took blanks out of strings; a few kilobytes are not worth that. This changes nothing that a
    browser reads, as long as no string goes over several lines, and a test compares.
    """
    for readers_only in (_COMMENT_LINES, _TYPES, _INDENTATION):
        text = readers_only.sub("", text)
    return text


def _add(
    name: str, modules: Mapping[str, str], done: dict[str, str], importers: tuple[str, ...]
) -> None:
    """Put a module behind those that it imports."""
    if name in importers:
        raise BundleError(f"modules import in a circle: {' > '.join([*importers, name])}")
    if name in done:
        return
    if name not in modules:
        raise BundleError(f"{name} is not there ({' > '.join(importers)} imports it)")
    text = modules[name]
    for imported in _IMPORT.finditer(text):
        _add(_resolved(imported[2], name), modules, done, (*importers, name))
    done[name] = _as_function(name, text)


def _as_function(name: str, text: str) -> str:
    text = _IMPORT.sub(
        lambda it: f"const {{{_renamed(it[1])}}} = {_variable(_resolved(it[2], name))};", text
    )
    exported = ", ".join(it[2] for it in _EXPORT.finditer(text))
    text = _EXPORT.sub(r"\1 \2", text)
    if other := _OTHER.search(text):
        raise BundleError(f"{name}: not known to a bundle: {other[0]}")
    return f"{text}return {{ {exported} }};\n" if exported else text


def _renamed(names: str) -> str:
    """`a, b as c` the way that an object is taken apart, on one line."""
    return " ".join(re.sub(r"(\w+) as (\w+)", r"\1: \2", names).split())


def _resolved(path: str, importer: str) -> str:
    """The path of a module, as one says it that imports it."""
    return normpath(join(dirname(importer), path))


def _variable(path: str) -> str:
    return "$" + basename(path).removesuffix(".js")
