"""What nobody should type, of every kind, and how it may stand where it is shown: to the letter, and as text.

One line each, and short, so that most boxes take them. A test puts as many as there is room for in front of a mark of
its own, so that whoever finds the mark can say whether what stands before it is what was typed.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from html import escape
from urllib.parse import quote

PAYLOADS: dict[str, str] = {
    "script": "<script>alert(1)</script>",
    "a closed box": "</textarea></title></option><script>",
    "a picture": "<img src=x onerror=alert(1)>",
    "a drawing": "<svg/onload=alert(1)>",
    "out of an attribute": '" autofocus onfocus="alert(1)',
    "out of a single one": "' onmouseover='alert(1)",
    "out of a comment": "--><script>alert(1)<!--",
    "a link with script": "javascript:alert(1)//",
    "a style": "</style><style>*{color:red}",
    "escaped already": "&lt;b&gt;&amp;amp;&#x27;",
    "escaped for an address": "%3Cb%3E%00%0d%0aX:1",
    "a template": "{{7*7}}{% debug %}{# x #}",
    "a place of a letter": "{{ reference }}{{ child }}",
    "another template": "${7*7}#{7*7}<%=7*7%>",
    "a format": "%s%n%(x)s{0.__class__}{}",
    "a header": "x\\r\\nBcc: all@evil.example",
    "a file above": "../../../etc/passwd",
    "a file of Windows": "..\\..\\con\\aux.txt",
    "a file in an archive": "../../evil.docx/x.exe",
    "a drive": "file:///etc/passwd",
    "a query": "'; DROP TABLE child; --",
    "a query that is true": "%' OR '1'='1",
    "a pattern": "%_[a-z]*(?i)\\",
    "a formula": "=cmd|'/C calc'!A0",
    "a formula with a link": '=HYPERLINK("http://evil.example")',
    "a sum": "+1+cmd|'/C calc'!A0",
    "a difference": "-2+3+cmd|'/C calc'!A0",
    "an at": "@SUM(1+1)*cmd|'/C calc'!A0",
    "a wide formula": "＝1+1",
    "XML": '<!DOCTYPE x [<!ENTITY a "b">]>&a;',
    "an end of XML": "]]></x><![CDATA[",
    "YAML": "!!python/object:os.system [x]",
    "YAML's own words": "&a *a - {b: [c]} # no",
    "JSON": '{"a": [1, null], "__proto__": 2}',
    "an end of JSON": '"}]</script><!--',
    "right to left": "\u202egnp.exe\u202c \u2066x\u2069",
    "no width": "a\u200bb\u2060c\u00add",
    "many marks": "Z\u0337\u0321\u0358a\u0301\u0301\u0301",
    "a family": "\U0001f468\u200d\U0001f469\u200d\U0001f467 \U0001f1ec\U0001f1e7",
    "another script": "\u05e9\u05dc\u05d5\u05dd \u0645\u0631\u062d\u0628\u0627 \u4f60\u597d",
    "lines of another kind": "a\u00a0b\u3000c",
    "quotes": "“O’Neill” & 'son' `x` \"y\"",
}
TEXTS = tuple(PAYLOADS.values())
FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
"""What a spreadsheet takes for the beginning of a formula, the wide ones in some languages."""

TURN = int(os.environ.get("PAYLOADS_TURN", "0"))
"""Which kinds a box gets: with each turn those that come after. After seven turns (0 to 6) a box of 200 letters has had
every kind."""
AT_ONCE = 6


def fitting(number: int, room: int) -> tuple[str, ...]:
    """The payloads whose turn it is in one box, as many as have room together; none where none has.

    number: of the box. Where not one of those has room, the next one that has.
    """
    first, told, left = number + TURN * AT_ONCE, [], room
    for step in range(len(TEXTS)):
        text = TEXTS[(first + step) % len(TEXTS)]
        if len(text) <= left:
            told.append(text)
            left -= len(text)
        if step >= AT_ONCE - 1 and told:
            break
    return tuple(told)


def on_one_line(text: str) -> str:
    """As a box for one line keeps it: with the spaces that a keyboard has."""
    return " ".join(text.split())


def forms(text: str) -> Iterator[str]:
    """How it may stand in a page: in its text or an attribute, as JSON for script to read, in an address.

    On one line it may begin a sentence, and so with a capital.
    """
    yield escape(text)
    one_line = on_one_line(text)
    yield escape(one_line)
    yield escape(one_line[:1].upper() + one_line[1:])
    yield escape(text).replace("&#x27;", "&#39;")
    for told in (json.dumps(text)[1:-1], json.dumps(text, ensure_ascii=False)[1:-1]):
        yield told.replace("<", "\\u003C").replace(">", "\\u003E").replace("&", "\\u0026")
        yield escape(told)
    yield quote(text)


def not_to_the_letter(told: str, at: int, text: str, *, page: bool = True) -> str:
    """What stands in front of a mark, where that is not the payload (escaped, on a page); empty where it is."""
    before = told[max(0, at - 6 * len(text) - 40) : at]
    right = forms(text) if page else (text, on_one_line(text))
    return "" if any(before.endswith(form) for form in right) else before[-3 * len(text) - 80 :]
