"""What the tests of the editor share: a draft, and a form filled as its page shows it."""

from __future__ import annotations

from typing import Any

from django.test import Client
from django.urls import reverse

from partnerships.permissions import Role
from tests.factories import NOW, World, make_person
from thresholds import actions, approval
from thresholds.models import SchemeVersion


def signed_in(world: World, role: Role) -> Client:
    client = Client()
    client.force_login(world.person(role))
    return client


def second_admin(world: World) -> Any:
    """One more admin, by whom nothing was changed."""
    return make_person(world, Role.ADMIN, name="Second Admin")


def at(world: World, name: str, **kwargs: Any) -> str:
    return reverse(name, kwargs={"partnership": world.partnership.slug, **kwargs})


def new_draft(world: World) -> SchemeVersion:
    return actions.draft_from(version=world.version, by=world.person(Role.ADMIN), at=NOW)


def text(answer: Any) -> str:
    return " ".join(answer.content.decode().split())


def filled(answer: Any) -> dict[str, Any]:
    """What a browser would send of the form of a page as it stands."""
    form, sent = answer.context["form"], {}
    for name in form.fields:
        value = form[name].value()
        if type(form.fields[name]).__name__ == "DateField":
            parts = form.fields[name].widget.decompress(value)
            sent |= {f"{name}_{part}": each for part, each in zip(("day", "month", "year"), parts, strict=True)}
        elif value is True:
            sent[name] = "on"
        elif value not in (None, False):
            sent[name] = value
    return sent


def change(world: World, client: Client, draft: SchemeVersion, noun: str, pk: int, **given: Any) -> Any:
    """Open a form, change something in it, send it."""
    address = at(world, "threshold_row", version=draft.slug, noun=noun, pk=pk)
    sent = filled(client.get(address)) | given
    return client.post(address, {name: value for name, value in sent.items() if value is not None})


def agree(
    world: World, draft: SchemeVersion, *, note: str = "Plainer words.", holds_from: Any = None, by: Any = None
) -> None:
    """The whole way to a publication, as the people of a partnership go it."""
    draft.refresh_from_db()
    asker = by or world.person(Role.ADMIN)
    approval.see_effect(version=draft, revision=draft.revision, by=asker, at=NOW)
    approval.ask(version=draft, holds_from=holds_from, change_note=note, revision=draft.revision, by=asker, at=NOW)
    approval.answer(
        version=draft, approves=True, reason="", revision=draft.revision, by=world.person(Role.MANAGER), at=NOW
    )
