"""What may be done to threshold content: bring it in as a draft, draft from a version, change, publish."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from typing import Any

from django.db import transaction
from django.db.models import ProtectedError, Q
from django.utils.text import slugify

from partnerships import audit
from partnerships.hours import LONDON
from partnerships.models import Partnership, User
from thresholds import approval, loading, trail
from thresholds.domain.reading import Mistake, SchemeErrors, read_scheme, write_scheme
from thresholds.domain.scheme import Scheme as SchemeContent
from thresholds.models import (
    Change,
    ConsentReason,
    Domain,
    EscalationStage,
    Evidence,
    Indicator,
    Level,
    Limit,
    Rule,
    Scheme,
    SchemeVersion,
)
from thresholds.refused import ChangedMeanwhile, Refused

__all__ = ["ChangedMeanwhile", "Refused", "bring_in", "draft_from", "import_draft", "publish"]


@transaction.atomic
def import_draft(
    *, content: SchemeContent, based_on: SchemeVersion | None = None, by: User | None, at: dt.datetime
) -> SchemeVersion:
    """Store content as a draft. A draft of the same slug is replaced whole; a published version is never touched.

    based_on: what the content was made from, where that is known.
    """
    check_lengths(content)
    partnership = Partnership.objects.filter(slug=content.partnership).first()
    if partnership is None:
        raise Refused(f"There is no partnership {content.partnership}. Create it before its threshold comes in.")
    scheme, _ = Scheme.objects.get_or_create(partnership=partnership)
    hold(scheme.pk)
    there = SchemeVersion.objects.filter(slug=content.slug).first()
    if there and not there.is_draft:
        raise Refused(f"{content.slug} is published and can't change. Give the file a slug of its own.")
    if there and there.scheme_id != scheme.pk:
        raise Refused(f"{content.slug} is a draft of another partnership. Give the file a slug of its own.")
    based_on = based_on or (there.based_on if there else None)
    revision = there.revision + 1 if there else 0
    if there:
        discard(there)
    version = SchemeVersion.objects.create(
        scheme=scheme,
        slug=content.slug,
        based_on=based_on,
        revision=revision,
        created_at=at,
        created_by=by,
        **version_fields(content),
    )
    write_rows(version, content)
    counted = {"indicators": len(content.indicators), "rules": len(content.rules), "replaced": bool(there)}
    trail.write(draft=version, verb=Change.Verb.IMPORTED, name=version.title, after=counted, by=by, at=at)
    return version


@transaction.atomic
def bring_in(*, content: SchemeContent, partnership: Partnership, by: User, at: dt.datetime) -> SchemeVersion:
    """Store content as a new draft of a partnership, beside whatever there is: no draft of a colleague is replaced.

    Where the content's slug is taken, it gets a new one. Refused where the content says it is another partnership's.
    """
    if content.partnership != partnership.slug:
        raise Refused(
            f"The file says that it is of the partnership “{content.partnership}”. "
            f"If it is meant for this one, put “{partnership.slug}” there and bring it in again."
        )
    hold(Scheme.objects.get_or_create(partnership=partnership)[0].pk)
    base = SchemeVersion.objects.of(partnership).in_force(at).first()
    if SchemeVersion.objects.filter(slug=content.slug).exists():
        content = replace(content, slug=free_slug(partnership.slug, at))
    return import_draft(content=content, based_on=base, by=by, at=at)


def hold(scheme: Any) -> None:
    """One new draft or version of a partnership at a time, by its scheme's key: each has a slug of its own."""
    Scheme.objects.select_for_update(no_key=True).only("pk").get(pk=scheme)


def discard(draft: SchemeVersion) -> None:
    try:
        draft.delete()
    except ProtectedError as error:
        raise Refused(f"{draft.slug} is what another draft was made from. Give the file a slug of its own.") from error


LISTS: tuple[tuple[str, type[Any]], ...] = (
    ("levels", Level),
    ("domains", Domain),
    ("indicators", Indicator),
    ("rules", Rule),
    ("limits", Limit),
    ("consent_reasons", ConsentReason),
    ("evidence", Evidence),
    ("escalation_stages", EscalationStage),
)


def check_lengths(content: SchemeContent) -> None:
    """Refuse every text that is longer than its column, rather than cut it or fail in the database."""
    told = write_scheme(content)
    rows = [("", SchemeVersion, told)]
    rows += [(f"{name}[{place}].", model, row) for name, model in LISTS for place, row in enumerate(told[name])]
    long = []
    for path, model, row in rows:
        for column in model._meta.concrete_fields:
            value, most = row.get(column.name), column.max_length
            if most and isinstance(value, str) and len(value) > most:
                found = f"{len(value)} characters ({value[:40]}…)"
                long.append(Mistake(f"{path}{column.name}", found, f"at most {most}"))
    if long:
        raise SchemeErrors(tuple(long), content)


def version_fields(content: SchemeContent) -> dict[str, Any]:
    told = write_scheme(content)
    return {name: told.get(name) for name in ("title", "document", "step_word", "guidance")} | {
        "in_force_from": content.in_force_from,
        "in_force_to": content.in_force_to,
        "review_on": content.review_on,
        "plot_sheet": told.get("plot_sheet"),
        "flag_notes": told.get("flag_notes") or {},
    }


def write_rows(version: SchemeVersion, content: SchemeContent) -> None:
    """Every list of the content as rows, in its order."""
    told = write_scheme(content)
    levels = {
        row["rank"]: Level(version=version, **{name: row[name] for name in loading.LEVEL}) for row in told["levels"]
    }
    Level.objects.bulk_create(levels.values())
    domains: dict[str, Domain] = {}
    for order, row in enumerate(told["domains"]):
        domains[row["name"]] = Domain.objects.create(version=version, order=order, name=row["name"])
    for row in told["domains"]:
        domain = domains[row["name"]]
        domain.parent = domains[row["parent"]] if row.get("parent") else None
        domain.same_as = domains[row["same_as"]] if row.get("same_as") else None
        domain.save(update_fields=["parent", "same_as"])
    Indicator.objects.bulk_create(
        Indicator(
            version=version,
            order=order,
            key=row["key"],
            level=levels[row["level"]],
            shared_with=row["shared_with"],
            domain=domains[row["domain"]],
            item=row["item"],
            label=row["label"],
            flags=row["flags"],
            source=row["source"],
        )
        for order, row in enumerate(told["indicators"])
    )
    lists: tuple[tuple[Any, str, tuple[str, ...]], ...] = (
        (Rule, "rules", loading.RULE),
        (Limit, "limits", loading.LIMIT),
        (ConsentReason, "consent_reasons", loading.CONSENT_REASON),
        (Evidence, "evidence", loading.EVIDENCE),
    )
    for model, list_name, names in lists:
        model.objects.bulk_create(
            model(version=version, order=order, **{name: row[name] for name in names})
            for order, row in enumerate(told.get(list_name, []))
        )
    EscalationStage.objects.bulk_create(
        EscalationStage(version=version, **{name: row[name] for name in loading.ESCALATION_STAGE})
        for row in told.get("escalation_stages", [])
    )


@transaction.atomic
def draft_from(*, version: SchemeVersion, shown: int | None = None, by: User, at: dt.datetime) -> SchemeVersion:
    """A new draft with the content of a version, under a slug of its own; every indicator keeps its key.

    shown: the key of the latest version on the page where this was pressed: what this person made since is the same
    press, and is given back while it is a draft.
    """
    hold(version.scheme_id)
    if shown is not None:
        since = SchemeVersion.objects.filter(scheme=version.scheme, pk__gt=shown, based_on=version, created_by=by)
        if (made := since.filter(state=SchemeVersion.State.DRAFT).order_by("pk").first()) is not None:
            return made
    told = write_scheme(loading.load(version))
    told["slug"] = free_slug(version.scheme.partnership.slug, at)
    told["in_force_from"], told["in_force_to"] = at.astimezone(LONDON).date().isoformat(), None
    content = read_scheme(told)
    draft = SchemeVersion.objects.create(
        scheme=version.scheme,
        slug=content.slug,
        based_on=version,
        created_at=at,
        created_by=by,
        **version_fields(content),
    )
    write_rows(draft, content)
    keep_retired(version, draft)
    trail.write(draft=draft, verb=Change.Verb.DRAFTED, name=version.slug, by=by, at=at)
    return draft


def keep_retired(version: SchemeVersion, draft: SchemeVersion) -> None:
    """Copy what a version keeps as retired into a draft made from it, so that it can be restored there."""
    levels = {level.rank: level for level in draft.levels.all()}
    for name in ("domains", "indicators", "rules", "limits", "consent_reasons", "evidence"):
        domains = {domain.name: domain for domain in draft.domains.all()}
        rows: Any = getattr(version, name).retired()
        if name == "domains":
            rows = rows.select_related("parent", "same_as")
        elif name == "indicators":
            rows = rows.select_related("level", "domain")
        for row in rows:
            row.pk, row.version = None, draft
            if name == "domains":
                row.parent = domains.get(row.parent.name) if row.parent else None
                row.same_as = domains.get(row.same_as.name) if row.same_as else None
            elif name == "indicators":
                row.level, row.domain = levels[row.level.rank], domains[row.domain.name]
            row.save(force_insert=True)


def free_slug(partnership_slug: str, at: dt.datetime) -> str:
    stem = slugify(f"{partnership_slug}-{at.astimezone(LONDON):%Y-%m-%d}")
    taken = set(SchemeVersion.objects.filter(slug__startswith=stem).values_list("slug", flat=True))
    return next(slug for n in range(1, len(taken) + 2) if (slug := stem if n == 1 else f"{stem}-{n}") not in taken)


def agreed(version: SchemeVersion, at: dt.datetime) -> tuple[dt.datetime, str]:
    """From when, and with which note, a second person approved the draft as it is now; `Refused` where nobody did."""
    if not approval.effect_is_seen(version):
        raise Refused(approval.UNSEEN)
    approved = approval.standing(version)
    if approved is None:
        raise Refused(approval.NOT_ASKED)
    if approved.holds_from is not None and approved.holds_from <= at:
        raise Refused("The date that was approved has passed. Ask for approval of another.")
    return approved.holds_from or at, approved.change_note


@transaction.atomic
def publish(
    *,
    version: SchemeVersion,
    holds_from: dt.datetime | None = None,
    change_note: str = "",
    revision: int | None = None,
    by: User | None,
    at: dt.datetime,
) -> SchemeVersion:
    """Publish a draft. What held then is superseded at that instant; nothing already sent moves.

    A person publishes what a second person approved, from when and with the note that was approved: `holds_from` and
    `change_note` are taken from the approval. Without a person (set-up on the machine) they are as given.
    revision: the draft's when its changes were shown to whoever confirms. Raises `SchemeErrors` where the content is
    not whole, `ChangedMeanwhile` where a colleague changed the draft since, `Refused` where it is not a draft, is not
    approved as it is now, nobody looked at its effect, or a version already holds from that very instant.
    """
    hold(version.scheme_id)
    version = (
        SchemeVersion.objects.select_for_update(of=("self",)).select_related("scheme__partnership").get(pk=version.pk)
    )
    if not version.is_draft:
        raise Refused(f"{version.slug} is already published.")
    if revision is not None and revision != version.revision:
        raise ChangedMeanwhile("A colleague changed this draft. Check the changes below, then publish.")
    loading.load(version)
    if by is not None:
        holds_from, change_note = agreed(version, at)
    elif holds_from is None:
        holds_from = at
    others = SchemeVersion.objects.filter(scheme=version.scheme).exclude(state=SchemeVersion.State.DRAFT)
    later = others.filter(holds_from__gte=holds_from).order_by("holds_from").first()
    if later and later.holds_from == holds_from:
        raise Refused(f"{later.slug} already holds from that moment. Choose another.")
    before = list(
        others.filter(holds_from__lt=holds_from).filter(Q(holds_until__isnull=True) | Q(holds_until__gt=holds_from))
    )
    for previous in before:
        previous.holds_until = holds_from
        if holds_from <= at:
            previous.state = SchemeVersion.State.SUPERSEDED
        previous.save(update_fields=["holds_until", "state"])
    over = later and later.holds_from and later.holds_from <= at
    version.state = SchemeVersion.State.SUPERSEDED if over else SchemeVersion.State.PUBLISHED
    version.holds_from, version.published_at, version.published_by = holds_from, at, by
    version.holds_until = later.holds_from if later else None
    version.change_note = change_note
    if version.based_on_id:
        version.in_force_from = holds_from.astimezone(LONDON).date()
    version.save()
    audit.record(
        partnership=version.scheme.partnership,
        verb="threshold.published",
        noun="scheme_version",
        object_id=version.slug[:64],
        detail={"slug": version.slug, "holds_from": holds_from.isoformat(), "superseded": [x.slug for x in before]},
        by=by,
        at=at,
    )
    return version
