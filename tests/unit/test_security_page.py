"""docs/security.md names tests as proof: each of them is there."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "security.md"
NAMED = re.compile(r"`((?:(?:unit|integration|journeys)/)?(?:[\w]+/)*test_\w+\.py)(?:::(\w+))?`")


def files() -> dict[str, Path]:
    """Every test module by each way in which the page may name it: from `tests/`, or from `tests/integration/`."""
    found = {}
    for path in (ROOT / "tests").rglob("test_*.py"):
        below = path.relative_to(ROOT / "tests")
        found[str(below)] = path
        if below.parts[0] == "integration":
            found[str(Path(*below.parts[1:]))] = path
    return found


def test_every_test_that_the_page_names_is_there() -> None:
    there, page = files(), PAGE.read_text()
    named = NAMED.findall(page)
    assert len(named) > 60
    wrong = [f"{module} is not there" for module, _ in named if module not in there]
    wrong += [
        f"{module} has no {test}"
        for module, test in named
        if test and module in there and f"def {test}(" not in there[module].read_text()
    ]
    assert wrong == []


def test_it_names_each_test_so_that_it_can_be_found() -> None:
    """A name that ends in an ellipsis, or stands alone, can't be looked for."""
    page = PAGE.read_text()
    assert re.findall(r"`[^`\n]*\.py::[^`\n]*…[^`\n]*`", page) == []
    assert re.findall(r"`…[^`\n]*`", page) == []


def test_every_control_has_its_proof() -> None:
    """No row of the table of controls without a test, or the word that it was tried by hand."""
    table = PAGE.read_text().partition("## What is built")[2].partition("\n## ")[0]
    rows = [line for line in table.splitlines() if line.startswith("| ")][1:]
    assert len(rows) > 50
    assert [row for row in rows if not (NAMED.search(row) or "by hand" in row or "python -m bench" in row)] == []
