"""Every text that a person sees goes through `tr`."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from explorer.text import mark, tr

EXPLORER = Path(__file__).resolve().parents[2] / "explorer"
SHOWING = {
    *("setText", "setToolTip", "setWindowTitle", "setPlaceholderText", "setTitle", "setStatusTip", "setWhatsThis"),
    *("setAccessibleName", "setAccessibleDescription", "setHeaderLabels", "setHorizontalHeaderLabels", "addItems"),
    *("addAction", "addMenu", "addTab", "addRow", "say", "fail", "showMessage", "setSuffix", "setPrefix", "showText"),
    *("set_text", "set_hint", "label", "QLabel", "QPushButton", "QAction", "QCheckBox", "QRadioButton", "QGroupBox"),
    *("QMenu", "QTableWidgetItem", "QTreeWidgetItem", "QListWidgetItem", "getOpenFileName", "getSaveFileName"),
}
WORD = re.compile(r"[A-Za-z]{3,}")


def bare_texts(source: str) -> list[tuple[int, str]]:
    """(line, text) of literals with a word in them that are handed to something that shows them, but not to `tr`."""
    found = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call) and _name(node.func) in SHOWING:
            for argument in node.args:
                found += [(literal.lineno, literal.value) for literal in _literals(argument)]
        elif isinstance(node, ast.ClassDef) and any(_name(base) == "Panel" for base in node.bases):
            for statement in node.body:
                targets = getattr(statement, "targets", [getattr(statement, "target", None)])
                if any(_name(target) == "title" for target in targets if target is not None) and statement.value:
                    found += [(literal.lineno, literal.value) for literal in _literals(statement.value)]
    return found


def _literals(node: ast.AST) -> list[ast.Constant]:
    """Text constants with a word under a node, those inside calls apart: a call is checked for itself."""
    if isinstance(node, ast.Constant):
        return [node] if isinstance(node.value, str) and WORD.search(node.value) else []
    if isinstance(node, ast.Call | ast.Compare | ast.Subscript):
        return []
    if isinstance(node, ast.FormattedValue):
        return []
    return [literal for child in ast.iter_child_nodes(node) for literal in _literals(child)]


def _name(node: ast.AST) -> str:
    return getattr(node, "attr", getattr(node, "id", ""))


@pytest.mark.parametrize("path", sorted(EXPLORER.rglob("*.py")), ids=lambda path: str(path.relative_to(EXPLORER)))
def test_no_bare_text(path: Path) -> None:
    bare = bare_texts(path.read_text(encoding="utf-8"))
    listed = "\n".join(f"  line {line}: {text!r}" for line, text in bare)
    assert not bare, f"{path.name} shows texts that cannot be translated; wrap them in tr(...):\n{listed}"


def test_the_finder_finds() -> None:
    assert bare_texts('box.setText("Good morning")') == [(1, "Good morning")]
    assert bare_texts('box.setText(f"{n} pictures" if n else "none")')
    assert bare_texts('class A(Panel):\n    title = "Samples"') == [(2, "Samples")]
    assert not bare_texts('box.setText(tr("Good morning"))')
    assert not bare_texts('class A(Panel):\n    title = mark("Samples")')
    assert not bare_texts('box.setText("x")')


def test_values_fill_the_names_after_translation() -> None:
    assert tr("Saved {name}.", name="a {b}") == "Saved a {b}."
    assert tr("100 % {kept}") == "100 % {kept}"
    assert mark("Run") == "Run"
