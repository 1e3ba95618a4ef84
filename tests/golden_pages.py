"""HTML brought to one form, to compare ours with the Design System's own examples: tags, attributes and words."""

from __future__ import annotations

import json
from html.parser import HTMLParser
from pathlib import Path

import pytest

COMPONENTS = Path(__file__).parent.parent / "node_modules" / "govuk-frontend" / "dist" / "govuk" / "components"
VOID = {"input", "br", "path", "meta", "link", "img", "hr"}
INLINE = {"a", "span", "strong", "b", "em"}


class Outline(HTMLParser):
    """Reads HTML into nested lists: [tag, attributes, *children]; runs of white space are one space."""

    def __init__(self) -> None:
        super().__init__()
        self.root: list = ["", {}]
        self.open = [self.root]

    def handle_starttag(self, tag, attrs):
        told = {name: " ".join((value or "").split()) for name, value in attrs}
        if "class" in told:
            told["class"] = " ".join(sorted(told["class"].split()))
        element = [tag, told]
        self.open[-1].append(element)
        if tag not in VOID:
            self.open.append(element)

    def handle_endtag(self, tag):
        if tag in VOID:
            return
        assert self.open[-1][0] == tag, f"</{tag}> closes <{self.open[-1][0]}>"
        self.open.pop()

    def handle_data(self, data):
        words = " ".join(data.split())
        if words:
            self.open[-1].append(words)


def outline(html: str) -> list:
    reader = Outline()
    reader.feed(html)
    reader.close()
    assert len(reader.open) == 1, f"<{reader.open[-1][0]}> is never closed"
    return reader.root[2:]


def inside(html: str, tag: str, css: str) -> list:
    """The outline of the first element with that tag and class."""

    def find(nodes):
        for node in nodes:
            if isinstance(node, list):
                if node[0] == tag and css in node[1].get("class", "").split():
                    return node
                if (found := find(node[2:])) is not None:
                    return found
        return None

    return [find(outline(html))]


def example(component: str, name: str) -> str:
    """The Design System's own HTML for an example of a component."""
    path = COMPONENTS / component / "fixtures.json"
    if not path.exists():
        pytest.skip("node_modules is not there: the Design System's examples are read from its package (bin/setup)")
    return next(each["html"] for each in json.loads(path.read_text())["fixtures"] if each["name"] == name)
