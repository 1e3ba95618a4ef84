"""Searching among the referrals that one may see. What is not found and what one may not see are the same answer."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Mapping
from dataclasses import dataclass

from django.conf import settings
from django.db.models import Prefetch, Q, QuerySet
from django.utils.crypto import salted_hmac

from partnerships import audit
from partnerships.access import Actor
from partnerships.models import Partnership, User
from partnerships.typed import clean_line
from referrals.domain.identifiers import nhs_number_is_valid, tidy, upn_is_valid
from referrals.domain.lookup import search_keys, street_keys, telephone_key
from referrals.domain.names import fold, words
from referrals.domain.reference import read_reference
from referrals.models import Child, LookupKey, Referral
from referrals.triage.queries import IN_A_LINE, LONG

MOST = 50
MOST_KEYS = 500
"""How many keys that fit are put in order; where there are more, another word is asked for."""

Keys = list[set[str]]


@dataclass(frozen=True, slots=True)
class Results:
    """What was found, the closest first, and whether more fit than are shown."""

    referrals: list[Referral]
    more: bool


def search(actor: Actor, terms: Mapping[str, str]) -> Results:
    """The referrals that fit every term. Five queries at most: keys, what orders them (two), rows, their children."""
    if actor.partnership is None:
        return Results([], False)
    rows = Referral.objects.visible_to(actor)
    wanted: Keys = []
    for name, said in terms.items():
        typed = clean_line(said)
        if name == "reference":
            reading = read_reference(typed)
            rows = rows.filter(reference=reading.reference if reading.valid else typed.strip().upper())
        else:
            found = keys_for(name, typed)
            if not found or not all(found):
                return Results([], False)
            wanted += found
    if wanted:
        fit = list(fitting(actor.partnership, wanted, rows)[: MOST_KEYS + 1])
        keys, many = list(dict.fromkeys(fit)), len(fit) > MOST_KEYS
    else:
        keys, many = list(rows.values_list("pk", flat=True)[:2]), False
    return Results(in_full(closest_first(keys, set(words(terms.get("name", ""))))[:MOST]), many or len(keys) > MOST)


def closest_first(keys: list[uuid.UUID], said: set[str]) -> list[uuid.UUID]:
    """Those whose children are written as was typed, and do not only sound like it; then the latest. Two queries."""
    written: dict[uuid.UUID, set[str]] = {key: set() for key in keys}
    for key, *names in Child.objects.filter(referral__in=keys).values_list("referral_id", "first_name", "last_name"):
        written[key] |= {word for name in names for word in words(name)}
    received = dict(Referral.objects.filter(pk__in=keys).values_list("pk", "received_at"))
    return sorted(received, key=lambda key: (-len(said & written[key]), -received[key].timestamp(), str(key)))


def in_full(keys: list[uuid.UUID]) -> list[Referral]:
    """These referrals, in this order, with what a line shows of them. Two queries."""
    found = (
        Referral.objects.filter(pk__in=keys)
        .select_related("team", "agency", "scheme_version", "owner")
        .defer(*LONG)
        .prefetch_related(Prefetch("children", Child.objects.only(*IN_A_LINE)))
    )
    return sorted(found, key=lambda row: keys.index(row.pk))


def keys_for(name: str, typed: str) -> Keys:
    """The keys of one term: every set must be met, by any key of it."""
    if name == "name":
        return search_keys(typed)
    if name == "number":
        if nhs_number_is_valid(typed):
            return [{f"nhs:{tidy(typed)}"}]
        return [{f"upn:{tidy(typed)}"}] if upn_is_valid(typed) else []
    if name == "telephone":
        return [{telephone_key(typed)}] if telephone_key(typed) else []
    if any(letter.isdigit() for letter in tidy(typed)[-3:]) and len(tidy(typed)) <= 8:
        return [{f"post:{tidy(typed)}"}]
    return [{key} for key in sorted(street_keys(typed))]


def fitting(partnership: Partnership, wanted: Keys, rows: QuerySet[Referral]) -> QuerySet[LookupKey, uuid.UUID]:
    """The keys of the referrals among `rows` that meet every set, the rarest kind of key first.

    A referral comes once for each child that fits: asking the database for each once would have it read all that fit
    where the first few hundred are enough.
    """
    first, *others = sorted(wanted, key=lambda keys: min(keys).startswith("word:"))
    found = LookupKey.objects.filter(partnership=partnership, key__in=first, referral__in=rows)
    for keys in others:
        meets = LookupKey.objects.filter(partnership=partnership, key__in=keys)
        found = found.filter(Q(referral__in=meets.values("referral")))
    return found.order_by().values_list("referral", flat=True)


def fingerprint(term: str) -> str:
    """What stands in the trail for a term: the same for the same term, and no way back without the portal's own key."""
    return salted_hmac("referrals.search", fold(term) or tidy(term), secret=settings.SECRET_KEY).hexdigest()[:32]


def record_search(
    *, partnership: Partnership, terms: Mapping[str, str], results: Results, by: User, at: dt.datetime
) -> None:
    """Leave in the trail what kind of search it was, the fingerprint of each term, and which referrals it listed."""
    audit.record(
        partnership=partnership,
        verb="search.done",
        noun="search",
        of=None,
        detail={
            "terms": {name: fingerprint(typed) for name, typed in terms.items()},
            "found": len(results.referrals),
            "more": results.more,
            "listed": [str(row.pk) for row in results.referrals],
        },
        by=by,
        at=at,
    )
