"""What a view raises where the page that was asked for can't be given, and another says why and what to do."""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse


class Instead(Exception):
    """`answer` makes the page that stands in its place."""

    def __init__(self, answer: Callable[[HttpRequest], HttpResponse]) -> None:
        super().__init__("another page stands in the place of this one")
        self.answer = answer
