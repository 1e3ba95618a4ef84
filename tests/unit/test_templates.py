"""What is typed is shown as text: nowhere is escaping switched off but where it stands here, with the reason."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

from django.conf import settings

ROOT = Path(__file__).parents[2]
IN_TEMPLATES = re.compile(r"\|\s*safe(?:seq)?\b|{%-?\s*autoescape\s+off|{%\s*filter\s+safe")
IN_CODE = re.compile(
    r"\bmark_safe\(|\bSafeString\(|\bSafeText\(|__html__|@html_safe|autoescape\s*=\s*False|is_safe=True"
)
ALLOWED = {
    "partnerships/templatetags/page_parts.py": (1, "`paragraphs`: marked safe once `linebreaks` has escaped it"),
    "referrals/letters/writing.py": (2, "letters are plain text; pages and PDFs escape them when they show them"),
}
"""Where escaping is off: how often, and why."""


def found(pattern: re.Pattern[str], files: list[Path]) -> Counter[str]:
    return Counter({str(each.relative_to(ROOT)): n for each in files if (n := len(pattern.findall(each.read_text())))})


def sources() -> tuple[list[Path], list[Path]]:
    templates = [each for each in (ROOT / "templates").rglob("*") if each.is_file()]
    code = [
        each for app in ("config", "partnerships", "thresholds", "referrals") for each in (ROOT / app).rglob("*.py")
    ]
    return templates, [each for each in code if "migrations" not in each.parts]


def test_escaping_is_off_nowhere_but_where_it_says_why() -> None:
    templates, code = sources()
    assert len(templates) > 150 and len(code) > 250
    off = found(IN_TEMPLATES, templates) + found(IN_CODE, code)
    assert dict(off) == {name: times for name, (times, _) in ALLOWED.items()}
    assert all(name.endswith(".txt") for name in ALLOWED if name.startswith("templates/")), "no page among them"


def test_the_patterns_find_what_they_are_for() -> None:
    for switched_off in ("{{ x|safe }}", "{{ x | safe }}", "{% autoescape off %}", "{{ x|safeseq }}"):
        assert IN_TEMPLATES.search(switched_off)
    for switched_off in ("mark_safe(x)", "Engine(autoescape=False)", "def __html__(self)"):
        assert IN_CODE.search(switched_off)
    assert not IN_TEMPLATES.search("{{ x|safely }}")


def test_pages_escape_by_default() -> None:
    options = settings.TEMPLATES[0]["OPTIONS"]
    assert options.get("autoescape", True) and "string_if_invalid" not in options


BLOCK = re.compile(r"{%\s*(block|endblock)\b[^%]*%}")


def outer_blocks(page: str) -> list[str]:
    """The text of each block that stands in no other."""
    blocks, depth, begun = [], 0, 0
    for tag in BLOCK.finditer(page):
        if tag[1] == "block":
            begun = tag.end() if depth == 0 else begun
            depth += 1
        else:
            depth -= 1
            blocks += [page[begun : tag.start()]] if depth == 0 else []
    return blocks


def forgotten(page: str) -> set[str]:
    """What one block works out by `as` and another shows, where it is forgotten and nothing is shown."""
    blocks = outer_blocks(page)
    worked_out = [set(re.findall(r"\bas (\w+)\s*%}", each)) for each in blocks]
    shown = [set(re.findall(r"{{\s*(\w+)", each)) for each in blocks]
    return {
        name
        for here, names in enumerate(shown)
        for name in names - worked_out[here]
        if any(name in others for others in worked_out)
    }


def test_what_one_block_works_out_is_shown_in_no_other() -> None:
    """So "Go back" led to the page on which it stood, on seventeen pages."""
    pages = list((ROOT / "templates").rglob("*.html"))
    assert len(pages) > 150
    assert {str(each.relative_to(ROOT)): names for each in pages if (names := forgotten(each.read_text()))} == {}
    link = '{% block a %}{% url "x" as to %}{% endblock %}{% block b %}<a href="{{ to }}">{% endblock %}'
    assert forgotten(link) == {"to"} and not forgotten(
        link.replace("{% block b %}", '{% block b %}{% url "x" as to %}')
    )
