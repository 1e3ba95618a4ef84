"""What nobody should type, in every box that an admin has: each page, file and letter shows it as text, to the letter.

The boxes are found by opening the forms; one that refuses every kind is left as it stood. The form of a referral, and
all that is stored of one, is gone through in `test_canaries` and `test_audiences`.
"""

from __future__ import annotations

import io
import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
import yaml
from django.test import Client
from django.urls import reverse
from django_scopes import scopes_disabled
from openpyxl import load_workbook

from partnerships.fields import LongTextField, TextField
from partnerships.permissions import Role
from tests import payloads
from tests.factories import NOW, World, make_world
from tests.integration.addresses import parts, route_names
from tests.integration.test_audiences import opened_by
from tests.integration.thresholds.editing import agree, at, filled, new_draft
from thresholds import actions
from thresholds.editing.nouns import NOUNS

MARK = re.compile(r"Zq(\d{4})Z")
"""In capitals, by which a slug made of it is told apart."""
SETTINGS = {
    "partnership_edit": {},
    "front_door_edit": {},
    "agency_add": {"kind": "school", "source_of_referral": "2A"},
    "team_add": {"kind": "early_help"},
    "contact_point_add": {"kind": "lado"},
    "closure_day_add": {"on_day": "25", "on_month": "12", "on_year": "2030"},
    "member_invite": {"email": "new@testshire.example", "role": "practitioner", "agency": "school"},
}
"""The forms of a partnership's own things, and what of them is no text."""
REDLINE = r'<del>.*?</del>|</?ins>|<span class="govuk-visually-hidden">put in: </span>'
LINK = r'<a class="govuk-link" href="https?://[^"<>]*" rel="noreferrer">|(?<=\S)</a>'
PUT_IN = re.compile(f"{REDLINE}|{LINK}", re.S)
"""What a page of changes puts between the words of a text, and what an address that was typed gets to be a link."""
BOXES = (TextField, LongTextField)


class Typist:
    """Fills forms in, and knows what stands before each of its marks."""

    def __init__(self, client: Client) -> None:
        self.client, self.typed, self.taken, self.refused = client, [], set(), []

    def words(self, room: int) -> Iterator[str]:
        """What goes into one box: as many kinds as it has room for, and where it will not have them, each alone."""
        number = len(self.typed)
        mark = f"Zq{number:04d}Z"
        kinds = payloads.fitting(number, room - len(mark))
        self.typed.append("")
        for text in ("".join(kinds), *kinds):
            self.typed[number] = text
            yield text + mark

    def fill(self, address: str, **given: Any) -> None:
        """Every box of the form at an address; those that will not have it are sent as they stood."""
        answer = self.client.get(address)
        assert answer.status_code == 200, address
        before, fields = filled(answer) | given, answer.context["form"].fields
        left = {
            name: self.words(field.max_length or 200)
            for name, field in fields.items()
            if isinstance(field, BOXES) and name not in given
        }
        told = {name: next(words) for name, words in left.items()}
        for _ in range(payloads.AT_ONCE + 3):
            answer = self.client.post(address, before | told)
            assert answer.status_code in (302, 422), (address, answer.status_code)
            if answer.status_code == 302:
                self.taken |= {mark[1] for value in told.values() for mark in MARK.finditer(value)}
                return
            self.hold("the form again", answer)
            for name in [name for name in answer.context["form"].errors if name in told]:
                if (more := next(left[name], None)) is None:
                    del told[name]
                else:
                    told[name] = more
        self.refused.append((address, answer.context["form"].errors.as_text()))

    def hold(self, name: str, answer: Any) -> set[str]:
        """Whatever of it stands in an answer is text. Gives the marks that were found."""
        kind, body = answer["Content-Type"], b"".join(answer) if answer.streaming else answer.content
        assert "Zq0" not in str(answer.headers), name
        if "spreadsheet" in kind:
            return self.hold_cells(name, body)
        told, page = body.decode("utf-8", "replace"), "html" in kind
        if page:
            return self.hold_text(name, PUT_IN.sub("", told))
        read = json.loads(told) if "json" in kind else yaml.safe_load(told) if "yaml" in kind else told
        return {mark for text in strings(read) for mark in self.hold_text(name, text, page=False)}

    def hold_text(self, name: str, told: str, *, page: bool = True) -> set[str]:
        found = set()
        for mark in MARK.finditer(told):
            text = self.typed[int(mark[1])]
            if wrong := payloads.not_to_the_letter(told, mark.start(), text, page=page):
                pytest.fail(f"{name} shows {wrong!r} in place of {text!r}")
            found.add(mark[1])
        return found

    def hold_cells(self, name: str, body: bytes) -> set[str]:
        found = set()
        for sheet in load_workbook(io.BytesIO(body)):
            for row in sheet.iter_rows():
                for cell in row:
                    assert cell.data_type != "f", f"{name}: a live formula at {sheet.title} {cell.coordinate}"
                    found |= {mark[1] for mark in MARK.finditer(str(cell.value or ""))}
        return found


def strings(told: Any) -> Iterator[str]:
    """Every text of what was read from a file."""
    if isinstance(told, dict):
        told = [*told, *told.values()]
    if isinstance(told, list):
        for each in told:
            yield from strings(each)
    elif isinstance(told, str):
        yield told


def read_everything(typist: Typist, world: World, versions: list[str], told: dict[str, Any]) -> set[str]:
    """Every page that an admin, a practitioner and anybody at all may open, and what may be taken away."""
    found: set[str] = set()
    for role in (Role.ADMIN, Role.PRACTITIONER, None):
        client = Client(raise_request_exception=False)
        if role:
            client.force_login(world.person(role))
        for route, pattern in opened_by(world, world.person(role) if role else None):
            names = route_names(route)
            for version in versions if "version" in names else versions[:1]:
                for noun in NOUNS if "noun" in names and "pk" not in names else ("level",):
                    for kind in ("xlsx", "yaml", "json") if "format" in names else ("",):
                        more = {"version": version, "noun": noun, "format": kind}
                        kwargs = told | {name: value for name, value in more.items() if value}
                        asked = {name: kwargs[name] for name in names} | pattern.default_args
                        answer = client.get(reverse(pattern.name, kwargs=asked))
                        assert answer.status_code < 500 or answer.headers.get("X-Watched"), asked
                        if answer.status_code == 200 and answer["Content-Type"] != "application/pdf":
                            found |= typist.hold(pattern.name, answer)
    return found


@pytest.mark.django_db
def test_whatever_an_admin_types_is_shown_as_text_and_to_the_letter(
    legible_documents: None, capsys: pytest.CaptureFixture[str], time_machine: Any
) -> None:
    time_machine.move_to(NOW, tick=False)
    world = make_world()
    with scopes_disabled():
        told = parts(world)
    client = Client(raise_request_exception=False)
    client.force_login(world.person(Role.ADMIN))
    typist, draft = Typist(client), new_draft(world)
    for name, given in SETTINGS.items():
        typist.fill(at(world, name), **given)
    for noun, kind in NOUNS.items():
        for row in list(kind.rows(draft))[:2]:
            typist.fill(at(world, "threshold_row", version=draft.slug, noun=noun, pk=row.pk))
    found = read_everything(typist, world, [draft.slug], told)
    agree(world, draft)
    actions.publish(version=draft, holds_from=None, revision=draft.revision, by=world.person(Role.ADMIN), at=NOW)
    told["pk"] = draft.indicators.first().pk
    published = read_everything(typist, world, [draft.slug], told)
    with capsys.disabled():
        print(
            f"\n{len(typist.typed)} boxes, {len(typist.taken)} took what nobody should type; to the letter were shown "
            f"{len(found)} of them in the draft, {len(published)} once it was published"
        )
    assert typist.refused == [] and len(typist.taken) > 60
    assert len(found) > 60 and len(published) > 40
