"""The editor's pages: one for each part of a draft, a form for each thing in it, its order, its changes."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.core.paginator import Paginator
from django.http import Http404, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from partnerships.access import gate
from partnerships.forms import RevisionField
from partnerships.permissions import Permission
from partnerships.requests import PartnershipRequest
from thresholds.domain.rule_words import KIND_WORDS, sentence
from thresholds.domain.scheme import RuleKind
from thresholds.drafts import draft_of
from thresholds.editing import actions
from thresholds.editing.forms import EditForm, FilterForm, form_for
from thresholds.editing.nouns import NOUNS, Noun, Row
from thresholds.editing.shown import change_lines, differing, lines, read, rule_preview
from thresholds.matrix import found, sections
from thresholds.models import SchemeVersion
from thresholds.refused import ChangedMeanwhile, Refused

UNPROCESSABLE = 422
PER_PAGE = 50
ADDABLE = (RuleKind.CLUSTER, RuleKind.AGE, RuleKind.FLAG)


def the_noun(slug: str) -> Noun:
    noun = NOUNS.get(slug)
    if noun is None:
        raise Http404
    return noun


def the_row(draft: SchemeVersion, noun: Noun, pk: int) -> Row:
    row = noun.find(draft, pk)
    if row is None:
        raise Http404
    return row


def address(name: str, draft: SchemeVersion, **kwargs: Any) -> str:
    return reverse(name, kwargs={"partnership": draft.scheme.partnership.slug, "version": draft.slug, **kwargs})


def to_row(draft: SchemeVersion, noun: Noun, pk: int, narrowed: str = "", moved: str = "") -> HttpResponse:
    """Back to the page of a part, at the row that was worked on."""
    query = QueryDict(narrowed[:500], mutable=True)
    query._mutable = True  # type: ignore[attr-defined]
    for name in set(query) - {"q", "level", "domain"}:
        del query[name]
    if noun.slug == "indicator" or moved:
        query["row"] = str(pk)  # opens the list that it stands in
    if moved:
        query["moved"] = moved
    asked = f"?{query.urlencode()}" if query else ""
    place = "" if moved else f"#{noun.slug}-{pk}"  # a place in the address would win over the button in focus
    return redirect(f"{address('threshold_part', draft, noun=noun.slug)}{asked}{place}")


@gate(Permission.THRESHOLD_EDIT)
@require_safe
def threshold_part(request: PartnershipRequest, version: str, noun: str) -> HttpResponse:
    """One part of a draft: everything of a kind, in its order, with what may be done to each."""
    draft, kind = draft_of(request.partnership, version), the_noun(noun)
    if not kind.added:
        return redirect("threshold_row", request.partnership.slug, draft.slug, kind.slug, draft.pk)
    told = read(draft)
    rows = kind.rows(draft)
    current = [row for row in rows if not row.retired]
    retired = [row for row in rows if row.retired]
    context: dict[str, Any] = {
        "draft": draft,
        "noun": kind,
        "read": told,
        "current": [shown_row(kind, row, draft, told) for row in current],
        "retired": [shown_row(kind, row, draft, told) for row in retired],
        "moved": request.GET.get("moved", ""),
        "moved_row": request.GET.get("row", ""),
        "narrowed": "",
        "kinds": rule_kinds(current) if noun == "rule" else (),
        "elsewhere": [each for each in told.findings if not each.rule] if noun in ("level", "reason") else (),
    }
    if noun == "indicator":
        context |= indicator_lists(request, draft, told, current)
    return render(request, "thresholds/editing/part.html", context)


def shown_row(kind: Noun, row: Row, draft: SchemeVersion, told: Any) -> dict[str, Any]:
    """A row for the page: its name, its lines, whether it is a local default, and what is odd about it."""
    shown: dict[str, Any] = {"row": row, "name": row.name, "lines": lines(kind, row, draft.step_word), "odd": []}
    shown["local_default"] = bool(row.values.get("local_default"))
    if kind.slug == "rule":
        shown["name"] = f"{KIND_WORDS.get(row.thing.kind, row.thing.kind)} ({row.thing.key})"
        rule = next((each for each in told.partial.rules if each.key == row.thing.key), None) if told.partial else None
        if rule:
            shown["lines"] = [sentence(told.partial, rule), *shown["lines"]]
        shown["odd"] = [each.sentence for each in told.findings if each.rule == row.thing.key]
    return shown


def rule_kinds(current: list[Row]) -> list[tuple[str, str]]:
    """The kinds of rule that may be added: any number of some, one of each of the others."""
    there = {row.thing.kind for row in current}
    return [(kind.value, words) for kind, words in KIND_WORDS.items() if kind in ADDABLE or kind.value not in there]


def indicator_lists(request: PartnershipRequest, draft: SchemeVersion, told: Any, current: list[Row]) -> dict[str, Any]:
    """The indicators by domain and list, narrowed by the words, level and domain in the address."""
    asked = any(request.GET.get(name) for name in ("q", "level", "domain"))
    form = FilterForm(request.GET if asked else None, draft=draft)
    by_key = {row.thing.key: row for row in current}
    scheme = told.partial
    shown = scheme.indicators if scheme else ()
    narrowed = asked and form.is_valid()
    if scheme and narrowed:
        rank = form.cleaned_data["level"]
        shown = found(scheme, form.cleaned_data["q"], int(rank) if rank else None)
        if domain := form.cleaned_data["domain"]:
            shown = tuple(each for each in shown if each.domain == domain)
    query = request.GET.copy()
    for name in ("moved", "row"):
        query.pop(name, None)
    opened = next((row.values["domain"] for row in current if str(row.pk) == request.GET.get("row")), "")
    return {
        "form": form,
        "sections": sections(scheme, shown) if scheme else (),
        "by_key": by_key,
        "found": len(shown),
        "of": len(current),
        "narrowed": query.urlencode() if narrowed else "",
        "is_narrowed": narrowed,
        "opened": opened,
    }


@gate(Permission.THRESHOLD_EDIT)
@require_http_methods(["GET", "HEAD", "POST"])
def threshold_row(request: PartnershipRequest, version: str, noun: str, pk: int) -> HttpResponse:
    """Change one thing of a draft. What a colleague changed meanwhile is shown beside what was typed."""
    draft, kind = draft_of(request.partnership, version), the_noun(noun)
    row = the_row(draft, kind, pk)
    rule_kind = row.thing.kind if noun == "rule" else ""
    form_class = form_for(noun, rule_kind)
    initial = {**form_class.initial_of(row.values), "seen": row.seen}
    form = form_class(request.POST if request.method == "POST" else None, draft=draft, pk=pk, initial=initial)
    meanwhile: list[tuple[str, str]] = []
    if form.is_valid() and "preview" not in request.POST:
        values = form.told()
        try:
            actions.change(
                draft=draft,
                noun=noun,
                pk=pk,
                values=values,
                seen=form.cleaned_data["seen"],
                by=request.user,
                at=timezone.now(),
            )
        except ChangedMeanwhile:
            row = the_row(draft, kind, pk)
            meanwhile = differing(form, row.values, values)
            typed = request.POST.copy()
            typed["seen"] = row.seen
            form = form_class(typed, draft=draft, pk=pk)
            form.add_error(None, "A colleague changed this while you were writing. What you wrote is kept below.")
        except (Refused, ValidationError) as refused:
            refuse(form, refused)
        else:
            messages.success(request, "The change is saved in the draft.")
            if not kind.added:
                return redirect("threshold_draft", request.partnership.slug, draft.slug)
            return to_row(draft, kind, pk)
    rule = {"key": row.thing.key, "kind": rule_kind, **row.values} if noun == "rule" else None
    return show_form(request, draft, kind, form, row=row, rule=rule, meanwhile=meanwhile)


@gate(Permission.THRESHOLD_EDIT)
@require_http_methods(["GET", "HEAD", "POST"])
def threshold_add(request: PartnershipRequest, version: str, noun: str) -> HttpResponse:
    """Add one thing to a draft; a rule's kind stands in the address."""
    draft, kind = draft_of(request.partnership, version), the_noun(noun)
    if not kind.added:
        raise Http404
    rule_kind = request.GET.get("kind", "") if noun == "rule" else ""
    if noun == "rule" and rule_kind not in {
        each for each, _ in rule_kinds([r for r in kind.rows(draft) if not r.retired])
    }:
        raise Http404
    start = {"level": request.GET.get("level", ""), "domain": request.GET.get("domain", "")}
    form = form_for(noun, rule_kind)(request.POST if request.method == "POST" else None, draft=draft, initial=start)
    if form.is_valid() and "preview" not in request.POST:
        values = form.told() | ({"kind": rule_kind} if noun == "rule" else {})
        try:
            pk = actions.add(draft=draft, noun=noun, values=values, by=request.user, at=timezone.now())
        except (Refused, ValidationError) as refused:
            refuse(form, refused)
        else:
            messages.success(request, "It is added to the draft.")
            return to_row(draft, kind, pk)
    rule = {"key": "the-new-rule", "kind": rule_kind} if noun == "rule" else None
    return show_form(request, draft, kind, form, rule=rule)


def refuse(form: EditForm, refused: Refused | ValidationError) -> None:
    """Show why it could not be stored, with everything that was typed."""
    form.add_error(None, list(refused.messages) if isinstance(refused, ValidationError) else str(refused))


def show_form(
    request: PartnershipRequest,
    draft: SchemeVersion,
    kind: Noun,
    form: EditForm,
    *,
    row: Row | None = None,
    rule: dict[str, Any] | None = None,
    meanwhile: list[tuple[str, str]] | None = None,
) -> HttpResponse:
    told: tuple[str, str, list[str]] = ("", "", [])
    if rule is not None:
        if form.is_bound and form.is_valid():
            rule |= form.told()
        if "parameters" in rule:
            told = rule_preview(draft, rule)
    return render(
        request,
        "thresholds/editing/form.html",
        {
            "draft": draft,
            "noun": kind,
            "row": row,
            "form": form,
            "meanwhile": meanwhile or (),
            "is_rule": rule is not None,
            "rule_kind": KIND_WORDS.get(RuleKind(rule["kind"])) if rule else "",
            "sentence": told[0],
            "preview": told[1],
            "odd": told[2],
            "grouped": getattr(form, "grouped", None),
            "chosen": set(form["indicators"].value() or ()) if "indicators" in form.fields else (),
            "naming": actions.naming(draft, row.thing.key) if row and kind.slug == "indicator" else (),
            "back": address("threshold_part", draft, noun=kind.slug)
            if kind.added
            else address("threshold_draft", draft),
        },
        status=UNPROCESSABLE if form.is_bound and form.errors else 200,
    )


@gate(Permission.THRESHOLD_EDIT)
@require_POST
def threshold_move(request: PartnershipRequest, version: str, noun: str) -> HttpResponse:
    """Move a row: `up` or `down` names it, or `row` and `before` say what stands before what (0: at the end)."""
    draft, kind = draft_of(request.partnership, version), the_noun(noun)
    pk, to = asked_move(request.POST)
    row = the_row(draft, kind, pk)
    try:
        done = actions.move(draft=draft, noun=noun, pk=row.pk, to=to, by=request.user, at=timezone.now())
    except Refused as refused:
        messages.error(request, str(refused))
        return to_row(draft, kind, pk)
    if not done:
        messages.info(request, "It stands at that end of its list already.")
    if kind.slug in ("question", "also") and done and isinstance(to, str):
        pk += -1 if to == "up" else 1
    return to_row(draft, kind, pk, request.POST.get("narrowed", ""), to if isinstance(to, str) else "")


def asked_move(posted: QueryDict) -> tuple[int, actions.To]:
    def number(name: str) -> int:
        text = posted.get(name, "")
        if not text.isascii() or not text.isdecimal() or len(text) > 15:
            raise Http404
        return int(text)

    if "up" in posted:
        return number("up"), "up"
    if "down" in posted:
        return number("down"), "down"
    return number("row"), number("before")


@gate(Permission.THRESHOLD_EDIT)
@require_http_methods(["GET", "HEAD", "POST"])
def threshold_retire(request: PartnershipRequest, version: str, noun: str, pk: int) -> HttpResponse:
    """Retire a row, or take it out, after asking."""
    draft, kind = draft_of(request.partnership, version), the_noun(noun)
    row = the_row(draft, kind, pk)
    if row.retired or not kind.added:
        raise Http404
    problem = actions.hindrance(draft, noun, row)
    if request.method == "POST" and not problem:
        try:
            actions.retire(
                draft=draft,
                noun=noun,
                pk=pk,
                seen=request.POST.get("seen", ""),
                out_of_rules="out_of_rules" in request.POST,
                by=request.user,
                at=timezone.now(),
            )
        except Refused as refused:
            problem = str(refused)
        else:
            done = (
                "It is retired in the draft. It can be restored." if kind.retires else "It is taken out of the draft."
            )
            messages.success(request, done)
            return redirect(address("threshold_part", draft, noun=noun))
    return render(
        request,
        "thresholds/editing/retire.html",
        {
            "draft": draft,
            "noun": kind,
            "row": row,
            "problem": problem,
            "naming": actions.naming(draft, row.thing.key) if noun == "indicator" else (),
            "back": address("threshold_part", draft, noun=noun),
        },
        status=UNPROCESSABLE if request.method == "POST" else 200,
    )


@gate(Permission.THRESHOLD_EDIT)
@require_POST
def threshold_restore(request: PartnershipRequest, version: str, noun: str, pk: int) -> HttpResponse:
    draft, kind = draft_of(request.partnership, version), the_noun(noun)
    row = the_row(draft, kind, pk)
    try:
        actions.restore(draft=draft, noun=noun, pk=row.pk, by=request.user, at=timezone.now())
    except Refused as refused:
        messages.error(request, str(refused))
    else:
        messages.success(request, "It is restored, at the end of its list.")
    return to_row(draft, kind, pk)


@gate(Permission.THRESHOLD_EDIT, Permission.THRESHOLD_APPROVE)
@require_safe
def threshold_changes(request: PartnershipRequest, version: str) -> HttpResponse:
    """Every change of a draft, the latest first."""
    draft = draft_of(request.partnership, version)
    page = Paginator(draft.changes.select_related("by"), PER_PAGE).get_page(request.GET.get("page"))
    return render(
        request,
        "thresholds/editing/changes.html",
        {"draft": draft, "page": page, "lines": change_lines(page.object_list)},
    )


@gate(Permission.THRESHOLD_EDIT)
@require_http_methods(["GET", "HEAD", "POST"])
def threshold_discard(request: PartnershipRequest, version: str) -> HttpResponse:
    """Delete a draft, after asking."""
    draft = draft_of(request.partnership, version)
    problem = ""
    if request.method == "POST":
        revision = RevisionField().clean(request.POST.get("revision", ""))
        try:
            actions.discard(draft=draft, revision=revision, by=request.user, at=timezone.now())
        except Refused as refused:
            there = SchemeVersion.objects.filter(pk=draft.pk).first()
            if there is None:  # discarded meanwhile: pressed twice, or by a colleague
                messages.info(request, f"{refused} There is nothing left of it to discard.")
                return redirect("threshold_versions", partnership=request.partnership.slug)
            draft, problem = there, str(refused)
        else:
            messages.success(request, "The draft is discarded.")
            return redirect("threshold_versions", partnership=request.partnership.slug)
    return render(
        request,
        "thresholds/editing/discard.html",
        {"draft": draft, "problem": problem, "lines": change_lines(draft.changes.select_related("by")[:5])},
        status=UNPROCESSABLE if problem else 200,
    )
