"""The guided form over the wire: every journey, every way in which a page can go wrong, and who may see what."""

from __future__ import annotations

import html
import re
import uuid
from io import BytesIO
from itertools import product
from typing import Any
from urllib.parse import urlencode

import pytest
import time_machine
from django.conf import settings
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from django_scopes import scope
from pypdf import PdfReader

from partnerships.models import AuditEntry, Partnership, User
from partnerships.permissions import Role
from referrals.intake.answers import Answers
from referrals.intake.pages import PAGES
from referrals.management.commands.seed_demo import seed_partnership
from referrals.models import Draft, Letter, Referral
from tests.factories import NOW, World, make_draft, make_letter, make_person, make_referral, make_world

SLUGS = ("medway", "northamptonshire", "thurrock", "sandwell")
WORRY = "Robin has a bruise the shape of a hand & says <b>nothing</b>."


@pytest.fixture
def client_of(client: Client) -> Any:
    def sign_in(user: User | None) -> Client:
        fresh = Client()
        if user is not None:
            fresh.force_login(user)
        return fresh

    return sign_in


@pytest.fixture
def practitioner(world: World, client_of: Any) -> Client:
    return client_of(world.person(Role.PRACTITIONER))


def start(client: Client, slug: str) -> str:
    """A new draft; gives its address."""
    answer = client.post(f"/{slug}/refer/start/")
    assert answer.status_code == 302
    return answer["Location"]


def hidden(body: bytes, name: str) -> str:
    found = re.search(rf'name="{name}" value="([^"]*)"'.encode(), body)
    return found.group(1).decode() if found else ""


def post(client: Client, page: str, /, **typed: Any) -> Any:
    """Open the page and send it, as a browser does."""
    shown = client.get(page).content
    marks = {name: value for name in ("seen", "doubts", "from") if (value := hidden(shown, name))}
    return client.post(page, {**marks, **typed})


def telling(client: Client, slug: str, **pages: dict[str, Any]) -> tuple[str, list[str]]:
    """Go through the whole form; gives the draft's address and the pages that were asked."""
    draft = start(client, slug)
    address, asked = f"{draft}child/1/who/", []
    while not address.endswith("/check/"):
        page = address.removeprefix(draft).rstrip("/")
        answer = post(client, address, **pages.get(page.rsplit("/", 1)[-1], {}))
        assert answer.status_code == 302, (address, answer.content[:3000])
        if page not in asked:
            asked.append(page)
        address = answer["Location"]
        assert len(asked) < 30
    return draft, asked


@pytest.mark.django_db
@pytest.mark.parametrize("slug", SLUGS)
def test_the_whole_way_in_each_partnership(slug: str, client_of: Any) -> None:
    path = settings.BASE_DIR / "fixtures" / "partnerships" / f"{slug}.yaml"
    partnership = seed_partnership(path, at=timezone.now())
    client = client_of(User.objects.get(email=f"practitioner@{slug}.example"))
    before = client.get(f"/{slug}/refer/")
    assert "999" in before.content.decode() and "Start now" in before.content.decode()
    draft, asked = telling(
        client,
        slug,
        who={"first_name": "Robin", "last_name": "Marlow", "born": "born"},
        worry={"happened": WORRY},
        impact={"safe": "no"},
    )
    assert len(asked) + 1 <= 20
    check = client.get(f"{draft}check/").content.decode()
    assert "hand &amp; says &lt;b&gt;nothing&lt;/b&gt;." in check and "Send the referral" in check
    assert client.get(f"{draft}sent/").status_code == 404
    sent = client.post(f"{draft}send/", follow=True)
    with scope(partnership=partnership):
        referral = Referral.objects.get()
        assert referral.immediate_danger and referral.route == "mash" and referral.children.get().name == "Robin Marlow"
    body = sent.content.decode()
    assert referral.reference in body and "Do this now" in body and "999" in body
    assert client.post(f"{draft}send/", follow=True).redirect_chain[-1][0] == f"{draft}sent/"
    assert client.get(draft)["Location"] == f"{draft}sent/"
    for name in ("referral_track", "referral_copy"):
        kwargs = {"partnership": slug, "referral_id": referral.pk}
        assert client.get(reverse(name, kwargs=kwargs)).status_code == 200
    assert AuditEntry.objects.filter(verb="referral.read", object_id=str(referral.pk)).count() == 1
    assert AuditEntry.objects.filter(verb="referral.copy_downloaded").count() == 1


def test_northamptonshire_is_telephoned_and_sandwell_asks_when(db: None, client_of: Any) -> None:
    shown = {}
    for slug in ("northamptonshire", "sandwell"):
        seed_partnership(settings.BASE_DIR / "fixtures" / "partnerships" / f"{slug}.yaml", at=timezone.now())
        client = client_of(User.objects.get(email=f"practitioner@{slug}.example"))
        draft = start(client, slug)
        shown[slug] = client.get(f"{draft}telephone/").content.decode()
        before = client.get(f"/{slug}/refer/").content.decode()
        shown[f"{slug} before"] = " ".join(before.split())
        post(client, f"{draft}involved/", worker="yes", worker_name="Sol Social")
        first = client.get(f"{draft}worker-first/").content.decode()
        assert "Sol Social" in first and "go on with this form" in first
    assert "did the worry arise" not in shown["northamptonshire"] and "did the worry arise" in shown["sandwell"]
    assert "within 24 hours" in shown["northamptonshire before"] and "within 1 hour." in shown["sandwell before"]


def test_a_time_in_words_is_kept_as_it_was_typed_and_starts_no_clock(db: None, client_of: Any) -> None:
    """Sandwell counts the form's hour from when the worry arose: from a time in figures alone, and it says so."""
    seed_partnership(settings.BASE_DIR / "fixtures" / "partnerships" / "sandwell.yaml", at=timezone.now())
    client = client_of(User.objects.get(email="practitioner@sandwell.example"))
    draft, here = start(client, "sandwell"), timezone.localdate()
    on = {f"concern_on_{part}": str(getattr(here, part)) for part in ("day", "month", "year")}
    telephone, said = f"{draft}telephone/", "about 3, half past at most"
    post(client, f"{draft}worry/", happened=WORRY)
    next_seen = {name.replace("concern_on", "next_seen_on"): value for name, value in on.items()}
    assert post(client, f"{draft}child/1/impact/", next_seen_time="lunchtime", **next_seen).status_code == 302
    for typed, taken in ((said, True), ("25:61", False), ("15", False), ("3", False)):
        answer = post(client, telephone, concern_time=typed, **on)
        assert answer.status_code == (302 if taken else 422), typed
        assert f'value="{typed}"' in client.get(telephone).content.decode() or not taken
    for page in (telephone, f"{draft}check/"):
        body = client.get(page).content.decode()
        assert f"You gave the time as “{said}”" in body and "it does not run" in body and "is due at" not in body
    assert f"“{said}”, as it was typed" in body
    client.post(f"{draft}send/")
    with scope(partnership=Partnership.objects.get()):
        referral = Referral.objects.get()
        assert not referral.clocks.filter(slug="written_form").exists()
        assert Answers(referral.answers).worries[0].next_seen_words == "lunchtime"
        assert referral.next_seen_at == referral.received_at, "a day with a time in words counts from its beginning"
    screener = client_of(User.objects.get(email="screener@sandwell.example"))
    assert "“lunchtime”" in screener.get(f"/sandwell/triage/{referral.pk}/").content.decode()


def test_everything_typed_is_kept_where_something_is_wrong(practitioner: Client) -> None:
    draft = start(practitioner, "testshire")
    typed = {
        "first_name": "Robin",
        "other_names": "x" * 300,
        "born": "born",
        "date_of_birth_day": "31",
        "date_of_birth_month": "February",
        "date_of_birth_year": "2020",
    }
    answer = post(practitioner, f"{draft}child/1/who/", **typed)
    body = answer.content.decode()
    assert answer.status_code == 422 and "There is a problem" in body
    for value in typed.values():
        assert f'value="{value}"' in body
    assert "<title>Error: " in body


def test_a_slip_is_asked_about_once_and_saved_all_the_same(world: World, practitioner: Client) -> None:
    draft = start(practitioner, "testshire")
    page = f"{draft}child/1/details/"
    first = post(practitioner, page, nhs_number="943 476 5918")
    assert first["Location"] == page
    shown = practitioner.get(page).content.decode()
    assert "Saved. Please check" in shown and "943 476 5918" in shown
    assert post(practitioner, page, nhs_number="943 476 5918")["Location"] == f"{draft}child/1/home/"


def test_a_page_saved_in_another_window_shows_both_texts(world: World, practitioner: Client) -> None:
    draft = start(practitioner, "testshire")
    page = f"{draft}worry/"
    seen = hidden(practitioner.get(page).content, "seen")
    practitioner.post(page, {"seen": seen, "happened": "The first words"})
    late = practitioner.post(page, {"seen": seen, "happened": "The second words"})
    body = late.content.decode()
    assert late.status_code == 409 and "The first words" in body and "The second words" in body
    with scope(partnership=world.partnership):
        assert Draft.objects.get().answers["worry"]["happened"] == "The first words"
    again = practitioner.post(page, {"seen": hidden(late.content, "seen"), "happened": "Both words"})
    assert again.status_code == 302
    with scope(partnership=world.partnership):
        assert Draft.objects.get().answers["worry"]["happened"] == "Both words"


def test_a_stale_page_with_a_mistake_keeps_its_mark(world: World, practitioner: Client) -> None:
    draft = start(practitioner, "testshire")
    page = f"{draft}worry/"
    seen = hidden(practitioner.get(page).content, "seen")
    practitioner.post(page, {"seen": seen, "happened": "The first words"})
    wrong = practitioner.post(page, {"seen": seen, "happened": "x" * 20_001})
    assert wrong.status_code == 422 and hidden(wrong.content, "seen") == seen, "else the next save would overwrite"


def test_words_for_a_referral_already_sent_are_given_back(practitioner: Client) -> None:
    draft = start(practitioner, "testshire")
    post(practitioner, f"{draft}worry/", happened="First")
    practitioner.post(f"{draft}send/")
    late = practitioner.post(f"{draft}worry/", {"seen": "", "happened": "Something new & important"})
    assert late.status_code == 409
    assert "Something new &amp; important" in late.content.decode() and "already sent" in late.content.decode()


def test_sending_nothing_says_what_is_missing(world: World, practitioner: Client) -> None:
    draft = start(practitioner, "testshire")
    answer = practitioner.post(f"{draft}send/")
    assert answer.status_code == 422 and "Tell us what worries you" in answer.content.decode()
    with scope(partnership=world.partnership):
        assert not Referral.objects.exists() and Draft.objects.unsent().exists()


def test_put_aside_means_saved_with_nothing_missing(world: World, practitioner: Client) -> None:
    draft = start(practitioner, "testshire")
    answer = post(practitioner, f"{draft}worry/", later="1", who_told="The neighbour")
    assert answer["Location"] == draft
    with scope(partnership=world.partnership):
        assert Draft.objects.get().answers["worry"]["who_told"] == "The neighbour"


def test_children_are_added_changed_and_taken_out(world: World, practitioner: Client) -> None:
    draft = start(practitioner, "testshire")
    post(practitioner, f"{draft}child/1/who/", first_name="Robin")
    assert post(practitioner, f"{draft}other-children/", another="yes")["Location"] == f"{draft}child/2/who/"
    post(practitioner, f"{draft}child/2/who/", first_name="Kit")
    listed = practitioner.get(f"{draft}other-children/").content.decode()
    assert "Robin" in listed and "Kit" in listed
    assert "checked" not in listed, "a wish that was carried out is not asked for again"
    assert "Kit" in practitioner.get(f"{draft}child/2/remove/").content.decode()
    assert practitioner.post(f"{draft}child/2/remove/", {"out": "0"}).status_code == 302
    assert practitioner.get(f"{draft}child/2/who/").status_code == 404
    asked = f"{draft}other-children/"
    assert post(practitioner, asked)["Location"] == asked, "nothing chosen: it asks, once"
    assert "You have not said whether you are worried about another child" in practitioner.get(asked).content.decode()
    assert post(practitioner, asked)["Location"] == f"{draft}person/1/person/"
    page = practitioner.get(draft).content.decode()
    assert "In progress" in page.partition("The child")[2].partition("Family and household")[0], "and it stays open"
    assert post(practitioner, asked, another="no")["Location"] == f"{draft}person/1/person/"
    assert "You have not said" not in practitioner.get(asked).content.decode()


def three_sisters(practitioner: Client) -> str:
    draft = start(practitioner, "testshire")
    for number, name in enumerate(("Anna", "Beth", "Cora"), start=1):
        if number > 1:
            post(practitioner, f"{draft}other-children/", another="yes")
        post(practitioner, f"{draft}child/{number}/who/", first_name=name)
    return draft


def out(practitioner: Client, address: str) -> dict[str, str]:
    """What a page carries of how many were taken out when it was shown, as a browser sends it back."""
    return {"out": hidden(practitioner.get(address).content, "out")}


def left(world: World) -> list[str]:
    with scope(partnership=world.partnership):
        return [child["who"]["first_name"] for child in Draft.objects.get().answers["children"]]


def test_taken_out_by_two_presses_or_from_an_old_page_only_the_one_that_was_asked_about_goes(
    world: World, practitioner: Client
) -> None:
    draft = three_sisters(practitioner)
    asked = out(practitioner, f"{draft}child/2/remove/")
    for _ in range(2):
        assert practitioner.post(f"{draft}child/2/remove/", asked)["Location"] == f"{draft}other-children/"
    assert left(world) == ["Anna", "Cora"]
    assert practitioner.post(f"{draft}child/1/remove/", asked)["Location"] == f"{draft}other-children/"
    assert practitioner.post(f"{draft}child/2/remove/").status_code == 302, "a button that does not say what it saw"
    assert left(world) == ["Anna", "Cora"]


@pytest.mark.parametrize("by_itself", [False, True])
def test_what_is_typed_of_one_child_is_never_stored_under_another(
    world: World, practitioner: Client, by_itself: bool
) -> None:
    draft = three_sisters(practitioner)
    page = f"{draft}child/2/impact/"
    typed = {"safe": "no", "impact": "Beth is being hurt", **out(practitioner, page)}
    typed["seen"] = hidden(practitioner.get(page).content, "seen")
    practitioner.post(f"{draft}child/1/remove/", out(practitioner, f"{draft}child/1/remove/"))
    answer = practitioner.post(page, typed, headers={"X-Autosave": "1"} if by_itself else {})
    told = answer.json()["why"] if by_itself else answer.content.decode()
    assert answer.status_code == 409 and "A child was taken out of this referral" in told
    assert by_itself or "Beth is being hurt" in told, "given back, to put in on the right page"
    assert by_itself or f'href="{draft}other-children/"' in told, "which one press leads to"
    with scope(partnership=world.partnership):
        assert not any("impact" in child for child in Draft.objects.get().answers["children"])
    right = f"{draft}child/1/impact/"
    assert post(practitioner, right, **{**typed, **out(practitioner, right)}).status_code == 302
    with scope(partnership=world.partnership):
        assert Draft.objects.get().answers["children"][0]["impact"]["impact"] == "Beth is being hurt"
    post(practitioner, f"{draft}worry/", happened="They came with bruises.")
    practitioner.post(f"{draft}send/")
    with scope(partnership=world.partnership):
        assert "taken_out" not in Referral.objects.get().answers


def test_a_home_that_was_told_once_is_taken_for_a_brother_or_sister(world: World, practitioner: Client) -> None:
    draft = start(practitioner, "testshire")
    post(practitioner, f"{draft}child/1/who/", first_name="Robin")
    post(practitioner, f"{draft}child/1/home/", address="3 Sample Row\nTown", postcode="TE1 1AA")
    post(practitioner, f"{draft}other-children/", another="yes")
    post(practitioner, f"{draft}child/2/who/", first_name="Kit")
    home = f"{draft}child/2/home/"
    shown = practitioner.get(home).content.decode()
    assert "Does Kit live in the same home as Robin?" in shown and "3 Sample Row Town, TE1 1AA" in shown
    yes, inside = shown.index('id="id_same_home"'), shown.index('name="address"')
    assert yes < shown.index('id="id_same_home-2"') < inside < shown.index('name="whereabouts"'), "asked under No alone"
    typed = {"address": "9 Nowhere", "postcode": "not one", "school": "Elm"}
    assert post(practitioner, home, same_home="yes", **typed)["Location"] == f"{draft}other-children/"
    check = practitioner.get(f"{draft}check/").content.decode()
    assert "9 Nowhere" not in check, "what stands beside the chosen answer is kept and not told"
    assert "9 Nowhere" in practitioner.get(home).content.decode()
    with scope(partnership=world.partnership):
        kit = Answers(Draft.objects.get().answers).children[1]
    assert (kit.address, kit.postcode, kit.school) == ("3 Sample Row\nTown", "TE1 1AA", "Elm")


def test_update_shows_the_level_so_far_and_why(practitioner: Client) -> None:
    draft = start(practitioner, "testshire")
    answer = post(practitioner, f"{draft}child/1/indicators/", chosen=["health-4-01"], update="1")
    assert answer["Location"] == f"{draft}child/1/indicators/#so-far"
    body = practitioner.get(f"{draft}child/1/indicators/").content.decode()
    assert "Level 4: Statutory" in body and "Health worry 1 of level 4" in body and "A person decides" in body


def test_a_change_from_checking_leads_back_to_checking(practitioner: Client) -> None:
    draft = start(practitioner, "testshire")
    answer = post(practitioner, f"{draft}you/?from=check", available="Mornings")
    assert answer["Location"] == f"{draft}check/"


def test_a_draft_is_its_writers_alone(world: World, practitioner: Client, client_of: Any) -> None:
    draft = start(practitioner, "testshire")
    colleague = make_person(world, Role.PRACTITIONER, agency=world.school)
    other = make_world("othershire")
    for user in (colleague, world.person(Role.SAFEGUARDING_LEAD), other.person(Role.PRACTITIONER)):
        client = client_of(user)
        for page in ("", "worry/", "check/", "child/1/who/", "discard/", "child/1/remove/", "sent/"):
            assert client.get(draft + page).status_code == 404, page
        assert client.post(f"{draft}send/").status_code == 404
        assert client.post(f"{draft}worry/", {"happened": "x"}).status_code == 404
    foreign = draft.replace("/testshire/", "/othershire/")
    assert practitioner.get(foreign).status_code == 404


def test_a_discarded_draft_is_no_more(practitioner: Client) -> None:
    draft = start(practitioner, "testshire")
    assert "can’t bring it back" in practitioner.get(f"{draft}discard/").content.decode()
    assert practitioner.post(f"{draft}discard/").status_code == 302
    assert practitioner.get(draft).status_code == 404
    assert "Not sent yet" not in practitioner.get("/testshire/referrals/").content.decode()


HOSTILE = [
    "\x00",
    "\ud800",
    "x" * 40_000,
    "😀" * 50,
    "31",
    "-1",
    "9" * 400,
    "<script>alert(1)</script>",
    "{{ 7|add:7 }}",
]


@pytest.mark.parametrize("page", [(page.group, page.slug) for page in PAGES], ids=lambda page: page[1])
def test_no_page_breaks_whatever_is_sent(page: tuple[str, str], world: World, practitioner: Client) -> None:
    draft = start(practitioner, "testshire")
    post(practitioner, f"{draft}child/1/indicators/", chosen=["health-4-01", "family-3-01"])
    group, slug = page
    address = f"{draft}{group}/1/{slug}/" if group else f"{draft}{slug}/"
    shown = practitioner.get(address, follow=True).content.decode()
    names = {*re.findall(r' name="([\w-]+)"', shown)} - {"csrfmiddlewaretoken", "later", "update"}
    assert names or slug == "worker-first"
    for value in HOSTILE:
        for times in (1, 2) if value == HOSTILE[0] else (1,):
            typed = [(name, value) for name in names for _ in range(times)]
            body = urlencode(typed, errors="surrogatepass")
            answer = practitioner.post(address, body, content_type="application/x-www-form-urlencoded")
            assert answer.status_code < 500, (slug, value[:20])
            assert b"<script>alert(1)" not in answer.content
        asked = urlencode({"from": value[:500], "page": value[:500]}, errors="surrogatepass")
        assert practitioner.get(f"{address}?{asked}").status_code < 500
    multipart = b'--x\r\nContent-Disposition: form-data; name="happened"\r\n\r\n\xff\xfe'
    assert practitioner.post(address, multipart, content_type="multipart/form-data; boundary=x").status_code < 500
    assert practitioner.get(f"{draft}check/").status_code == 200
    assert practitioner.post(f"{draft}send/").status_code in (302, 422)


@pytest.mark.parametrize(
    "address",
    [
        "nowhere/",
        "child/0/who/",
        "child/99/who/",
        "child/1/worry/",
        "person/1/who/",
        "who/",
        "child/9999999999999999999999/who/",
    ],
)
def test_a_page_that_is_not_there_is_not_found(practitioner: Client, address: str) -> None:
    draft = start(practitioner, "testshire")
    assert practitioner.get(draft + address).status_code == 404
    assert practitioner.post(draft + address, {"x": "y"}).status_code == 404


def test_signed_out_sees_whom_to_telephone_and_the_way_to_sign_in(world: World, client_of: Any) -> None:
    client = client_of(None)
    for address in ("/testshire/refer/", "/testshire/"):
        body = client.get(address).content.decode()
        assert "999" in body and "01632960001" in body.replace(" ", "").replace("\xa0", "")
    assert "Sign in to start" in client.get("/testshire/refer/").content.decode()
    pressed = client.post("/testshire/refer/start/")
    assert pressed.status_code == 403 and "/accounts/login/" in pressed.content.decode()
    with scope(partnership=world.partnership):
        assert not Draft.objects.exists()


@pytest.mark.parametrize(
    ("role", "name"),
    [
        (Role.PRACTITIONER, "my_referrals"),
        (Role.SAFEGUARDING_LEAD, "my_referrals"),
        (Role.SCREENER, "queue"),
        (Role.EARLY_HELP, "queue"),
        (Role.MANAGER, "reports"),
        (Role.ADMIN, "threshold_versions"),
    ],
)
def test_home_leads_each_role_to_its_work(world: World, client_of: Any, role: Role, name: str) -> None:
    answer = client_of(world.person(role)).get("/testshire/")
    assert answer["Location"] == reverse(name, kwargs={"partnership": "testshire"})


def test_a_practitioner_sees_her_own_and_a_lead_the_agencys(world: World, client_of: Any) -> None:
    mine = make_referral(world)
    theirs = make_referral(world, referrer=make_person(world, Role.PRACTITIONER, agency=world.school))
    listed = {}
    for role in (Role.PRACTITIONER, Role.SAFEGUARDING_LEAD):
        client = client_of(world.person(role))
        listed[role] = client.get("/testshire/referrals/").content.decode()
        seen = client.get(f"/testshire/referrals/{theirs.pk}/").status_code
        assert seen == (200 if role is Role.SAFEGUARDING_LEAD else 404)
    assert mine.reference in listed[Role.PRACTITIONER] and theirs.reference not in listed[Role.PRACTITIONER]
    assert mine.reference in listed[Role.SAFEGUARDING_LEAD] and theirs.reference in listed[Role.SAFEGUARDING_LEAD]


def test_the_list_takes_a_handful_of_queries(
    world: World, practitioner: Client, django_assert_max_num_queries: Any
) -> None:
    for _ in range(30):
        make_referral(world)
    with django_assert_max_num_queries(12):
        body = practitioner.get("/testshire/referrals/?page=1").content.decode()
    assert body.count("TES-TEST-") == 25
    assert practitioner.get("/testshire/referrals/?page=2").content.decode().count("TES-TEST-") == 5
    assert practitioner.get("/testshire/referrals/", {"page": "\x00-1"}).status_code == 200


def test_a_letter_is_read_and_its_first_opening_kept(world: World, practitioner: Client) -> None:
    referral = make_referral(world)
    letter = make_letter(world, referral)
    page = f"/testshire/referrals/{referral.pk}/"
    assert "Not opened yet" in practitioner.get(page).content.decode()
    body = practitioner.get(f"{page}letters/{letter.pk}/").content.decode()
    assert "A person is reading it." in body
    with scope(partnership=world.partnership):
        first = Letter.objects.get(pk=letter.pk)
        assert first.opened_by == world.person(Role.PRACTITIONER)
        practitioner.get(f"{page}letters/{letter.pk}/")
        assert Letter.objects.get(pk=letter.pk).opened_at == first.opened_at
    assert AuditEntry.objects.filter(verb="letter.read", object_id=str(letter.pk)).count() == 2
    assert practitioner.get(f"{page}letters/{uuid.UUID(int=7)}/").status_code == 404
    another = make_referral(world)
    assert practitioner.get(f"/testshire/referrals/{another.pk}/letters/{letter.pk}/").status_code == 404


def test_a_referrer_is_never_told_of_others_referrals(world: World, practitioner: Client) -> None:
    make_referral(world, received_at=NOW)
    draft = make_draft(world)
    with scope(partnership=world.partnership):
        answers = {
            "children": [
                {"who": {"first_name": "Robin", "last_name": "Marlow", "born": "born", "date_of_birth": "2019-05-01"}}
            ],
            "worry": {"happened": WORRY},
        }
        Draft.objects.filter(pk=draft.pk).update(answers=answers)
    sent = practitioner.post(f"/testshire/refer/{draft.pk}/send/", follow=True).content.decode()
    with scope(partnership=world.partnership):
        referral = Referral.objects.get(token=draft.pk)
    assert "seen_before" in referral.flags or referral.screening["facts"]["previous_contacts"]
    track = practitioner.get(f"/testshire/referrals/{referral.pk}/").content.decode()
    for body in (sent, track):
        assert "een before" not in body and "earlier contact" not in body and "Look at seen_before" not in body


def test_the_copy_is_a_tagged_pdf_of_what_was_sent(world: World, practitioner: Client) -> None:
    draft = start(practitioner, "testshire")
    post(practitioner, f"{draft}worry/", happened=WORRY)
    practitioner.post(f"{draft}send/")
    with scope(partnership=world.partnership):
        referral = Referral.objects.get()
    answer = practitioner.get(f"/testshire/referrals/{referral.pk}/copy.pdf")
    assert answer["Content-Type"] == "application/pdf" and referral.reference in answer["Content-Disposition"]
    document = PdfReader(BytesIO(answer.content))
    told = "\n".join(page.extract_text() for page in document.pages)
    assert referral.reference in told and "bruise the shape of a hand & says <b>nothing</b>" in " ".join(told.split())
    assert document.trailer["/Root"]["/MarkInfo"]["/Marked"] and document.trailer["/Root"]["/Lang"] == "en"
    assert document.metadata and document.metadata.title == f"Referral {referral.reference}"


def test_no_threshold_no_form_but_the_telephone(db: None, client_of: Any) -> None:
    world = make_world()
    Partnership.objects.create(
        slug="bareshire", name="Bareshire", short_name="Bareshire", reference_prefix="BAR", front_door_name="Door",
        front_door_telephone="01632 960009", opens="09:00", closes="17:00", form_name="Form",
    )  # fmt: skip
    body = client_of(world.person(Role.PRACTITIONER)).get("/bareshire/refer/").content.decode()
    assert "999" in body and "Start now" not in body


OPEN, NIGHT = "Telephone Front Line on 01632 960001.", "Telephone Front Line, out of hours, on 01632 960002."


@pytest.mark.parametrize(
    ("at", "says"),
    [
        ("2026-11-23T11:00:00+00:00", OPEN),
        ("2026-11-23T18:00:00+00:00", NIGHT),
        ("2026-11-21T11:00:00+00:00", NIGHT),
        ("2026-12-25T11:00:00+00:00", NIGHT),
        ("2026-12-28T11:00:00+00:00", NIGHT),
        ("2026-07-06T08:30:00+00:00", OPEN),
    ],
    ids=["a Monday", "its evening", "a Saturday", "Christmas Day", "its substitute day", "by London's clock in summer"],
)
def test_whom_to_telephone_goes_by_the_clock_and_the_calendar(world: World, client: Client, at: str, says: str) -> None:
    with time_machine.travel(at, tick=False):
        for page in ("/testshire/refer/", "/testshire/"):
            words = in_words(client.get(page).content.decode())
            assert says in words and "call 999" in words, page


def in_words(body: str) -> str:
    """What a page says, on one line."""
    return " ".join(html.unescape(re.sub(r"<[^>]+>", "", body)).replace("\u00a0", " ").split())


DOOR, AT_NIGHT = "01632 960001", "01632 960002"
BADLY = re.compile(r" [.,;:]|\.\.|,,|, ?\.|\bon (?:and|first|or|if)\b|\b(?:on|or) None\b|telephone [.,:]", re.I)


def test_every_page_reads_well_without_each_number_and_shows_none_as_if_it_answered(
    world: World, practitioner: Client
) -> None:
    """Each number can be pressed; at night the office's is named as the office's; nothing begins with *Or*."""
    draft = telling(practitioner, "testshire", worry={"happened": WORRY}, impact={"safe": "unsure"})[0]
    practitioner.post(f"{draft}send/")
    with scope(partnership=world.partnership):
        own = f"/testshire/referrals/{Referral.objects.get().pk}/"
    pages = ["/", "/testshire/", *(f"/testshire/{each}/" for each in ("refer", "tell", "blank-form"))]
    pages += [f"{draft}sent/", own, f"{own}disagreement/", f"{start(practitioner, 'testshire')}child/1/who/"]
    for door, night in product((DOOR, ""), (AT_NIGHT, "")):
        Partnership.objects.update(front_door_telephone=door, out_of_hours_telephone=night)
        for hour in (11, 22):
            with time_machine.travel(f"2026-11-23T{hour}:00:00+00:00", tick=False):
                for page in pages:
                    answer = (Client() if page == "/testshire/" else practitioner).get(page)
                    assert answer.status_code == 200, page
                    reads_well(answer.content.decode(), (page, hour, door, night), at_night=hour == 22)
                missed = practitioner.post(f"{draft}worry/", {"happened": "More."}).content.decode()
                assert "telephone Front Line" in in_words(missed)
                reads_well(missed, ("not saved", hour, door, night), at_night=hour == 22)


def reads_well(body: str, where: tuple[Any, ...], *, at_night: bool) -> None:
    words = in_words(body.partition("<body")[2])
    assert not BADLY.search(words), (where, BADLY.findall(words))
    for number in (DOOR, AT_NIGHT):
        assert body.count(f"tel:{number.replace(' ', '')}") == words.count(number), (where, number)
    for before, after in re.findall(f"(.{{0,90}}){DOOR}(.{{0,60}})", words) if at_night else ():
        assert re.search("office hours|Monday to Friday", before + after), (where, before)


def test_the_level_is_told_of_what_is_ticked_and_nothing_is_stored(practitioner: Client) -> None:
    draft = start(practitioner, "testshire")
    answer = practitioner.post(f"{draft}child/1/indicators/level/", {"chosen": ["health-4-01", "nowhere-1-01"]})
    assert answer.status_code == 200 and "Level 4: Statutory" in answer.content.decode()
    assert " checked" not in practitioner.get(f"{draft}child/1/indicators/").content.decode()
    assert practitioner.post(f"{draft}child/2/indicators/level/").status_code == 404
    assert practitioner.get(f"{draft}child/1/indicators/level/")["Location"] == f"{draft}child/1/indicators/"


def test_searching_keeps_what_was_chosen_and_tells_the_address_nothing(practitioner: Client) -> None:
    draft = start(practitioner, "testshire")
    page = f"{draft}child/1/indicators/"
    answer = post(practitioner, page, chosen=["health-4-01"], find="FAMILY worry", search="1")
    body = answer.content.decode()
    assert answer.status_code == 200 and "12 indicators fit “FAMILY worry”" in body
    shown = re.findall(r'type="checkbox" value="([\w-]+)"', body)
    assert len(shown) == 12 and all(key.startswith("family-") for key in shown)
    assert '<input type="hidden" name="chosen" value="health-4-01">' in body
    answer = post(practitioner, page, chosen=["health-4-01", "family-3-02"], find="", search="1")
    assert answer.content.decode().count(" checked") == 2


def test_a_special_concern_leads_to_its_questions_and_to_whom_to_tell(practitioner: Client) -> None:
    draft = start(practitioner, "testshire")
    post(practitioner, f"{draft}child/1/impact/", concerns=["fgm"])
    assert practitioner.get(f"{draft}concern-neglect/")["Location"] == draft, "not ticked, not asked"
    body = practitioner.get(f"{draft}concern-fgm/").content.decode()
    assert "Signs to look for" in body and "report it to the police on 101" in " ".join(body.split())
    assert "Do this for fgm." in body, "the partnership's own sentence comes first"
    post(practitioner, f"{draft}concern-fgm/", known="told", done="Told the police at noon")
    check = practitioner.get(f"{draft}check/").content.decode()
    assert "From this we may not find the child." in check, "nothing was told of who or where the child is"
    post(practitioner, f"{draft}child/1/who/", first_name="Robin")
    assert "we may not find" not in practitioner.get(f"{draft}check/").content.decode()
    assert "The girl told me that it was done" in check and "Told the police at noon" in check
