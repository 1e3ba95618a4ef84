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
