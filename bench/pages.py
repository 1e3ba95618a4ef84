"""How fast the pages answer, on gunicorn with two workers, each beside what DESIGN asks: `python -m bench.pages`.

Milliseconds as a client on the same machine sees them, and each as a multiple of the floor: a signed-in page with one
query and our base template, measured in the same run. Settings: `bench/portal.py`.
"""

from __future__ import annotations

import json
import os
import re
import statistics
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from typing import Any

from bench.portal import CSRF, ROOT, SERVER, SIZES, Answer, Person, filled, serving, token_in

TIMES = 60
SLUG = "medway"


@dataclass
class Measured:
    """One thing measured: milliseconds, the most queries seen, and the bytes over the wire."""

    what: str
    reach: float
    median: float
    p95: float
    queries: int
    note: str = ""


def measured(what: str, reach: float, ask: Callable[[int], Answer], *, times: int = TIMES) -> Measured:
    """Ask again and again (the first answers, which warm up, aside) and keep what it took."""
    for number in range(5):
        check(what, ask(-1 - number))
    answers = [check(what, ask(number)) for number in range(times)]
    took = sorted(answer.milliseconds for answer in answers)
    p95 = took[max(0, round(len(took) * 0.95) - 1)]
    return Measured(what, reach, statistics.median(took), p95, max(answer.queries for answer in answers))


def check(what: str, answer: Answer) -> Answer:
    if answer.status not in (200, 302, 303):
        raise SystemExit(f"{what}: answered {answer.status}\n{answer.body[:600]}")
    return answer


def measure(port: int) -> Iterator[Measured]:
    from referrals.models import Referral

    screener, manager, practitioner = (signed_in(port, role) for role in ("screener", "manager", "practitioner"))
    yield measured("floor", 0, lambda _: screener.get(f"/{SLUG}/floor/"))
    queue = f"/{SLUG}/queue/mash/"
    yield measured("queue, first page", 50, lambda _: screener.get(queue))
    for show in ("unassigned", "overdue", "danger"):
        yield measured(f"queue, {show}", 50, lambda _, show=show: screener.get(f"{queue}?show={show}"))
    deepest = deepest_page(screener, queue)
    yield measured("queue, deepest page", 50, lambda _: screener.get(deepest))
    rows = Referral.objects.filter(partnership__slug=SLUG, team__kind="mash", state="waiting")
    keys = list(rows.values_list("pk", flat=True)[:TIMES])
    yield measured("referral page", 60, lambda n: screener.get(f"/{SLUG}/triage/{keys[n % len(keys)]}/"))
    yield from form_steps(practitioner)
    yield measured("dashboard, a year", 300, lambda _: manager.get(f"/{SLUG}/reports/?{YEAR}"), times=20)


YEAR = "weeks=52"


def deepest_page(person: Person, queue: str) -> str:
    """The last page of a queue that a person comes to by its own links, a thousand pages at most."""
    from bench import site_urls  # noqa: F401  the addresses are there
    from referrals.triage import queries

    last = getattr(queries, "deepest_address", None)
    if last is not None:
        return str(last(queue))
    page = person.get(f"{queue}?page=200")
    return f"{queue}?page=200" if page.status == 200 else queue


def form_steps(person: Person) -> Iterator[Measured]:
    """A plain one-child referral: each page shown and saved, then sent; the same draft's pages again and again."""
    where = start(person)
    pages = all_pages(person, where)
    page = f"{where}worry/"
    shown = person.get(page)
    yield Measured("pages of a plain form", 20, len(pages), len(pages), 0, "pages")
    yield measured("form step, shown", 25, lambda _: person.get(page))
    story = {"happened": "On Monday she came to school with a bruise. " * 8}

    def save(number: int) -> Answer:
        there = person.get(page).body
        seen = re.search(r'name="seen" value="([^"]*)"', there)
        told = {**story, "happened": f"{story['happened']} {number}", "seen": seen.group(1) if seen else ""}
        return person.post(page, told, token_in(there))

    yield measured("form step, saved", 40, save)
    indicators = (
        f"{where}indicators/"
        if f"{where}indicators/" in pages
        else next((each for each in pages if "indicators" in each), page)
    )
    yield measured("form step with the whole matrix, shown", 25, lambda _: person.get(indicators))
    yield measured("submit", 100, lambda _: submitted(person), times=30)
    first, later = (person.get(each, **{"Accept-Encoding": "gzip"}) for each in (f"/{SLUG}/refer/", page))
    for what, reach, answer in (("first page of the form", 60, first), ("a later page", 10, later)):
        size = int(answer.headers.get("content-length", len(answer.body))) / 1024
        yield Measured(f"{what}, over the wire", reach, size, size, 0, "kB, its page alone")
    check("form", shown)


def start(person: Person) -> str:
    begun = person.post(f"/{SLUG}/refer/start/", {}, CSRF)
    return begun.headers["location"]


def all_pages(person: Person, where: str) -> list[str]:
    from django.utils import timezone

    from partnerships.models import Partnership
    from referrals.intake.addresses import of_page
    from referrals.intake.pages import steps
    from referrals.intake.views import situation_of
    from referrals.models import Draft

    Partnership.objects.get(slug=SLUG)
    draft = Draft.objects.get(pk=where.strip("/").split("/")[-1])
    return [of_page(draft, step) for step in steps(situation_of(draft, timezone.now()))]


def submitted(person: Person) -> Answer:
    where = start(person)
    page = person.get(f"{where}worry/")
    seen = re.search(r'name="seen" value="([^"]*)"', page.body)
    person.post(f"{where}worry/", {"happened": "A bruise.", "seen": seen.group(1) if seen else ""}, token_in(page.body))
    return person.post(f"{where}send/", {"declared": "on"}, CSRF)


def signed_in(port: int, role: str) -> Person:
    from django.conf import settings
    from django.test import Client

    from partnerships.models import User

    client = Client()
    client.force_login(User.objects.get(email=f"{role}@{SLUG}.example"))
    cookie = client.cookies[settings.SESSION_COOKIE_NAME]
    return Person(port, f"{cookie.key}={cookie.value}")


def one_size(database: str) -> None:
    """What the subprocess does: measure this database, print it as JSON."""
    import django

    django.setup()
    from django_scopes import scopes_disabled

    with scopes_disabled(), serving(database) as port:
        print(json.dumps([asdict(each) for each in measure(port)]))


def run(size: int) -> dict[str, Measured]:
    database = filled(size)
    environment = {**os.environ, "DATABASE_URL": database, "DJANGO_SETTINGS_MODULE": "bench.site"}
    done = subprocess.run(
        [sys.executable, "-m", "bench.pages", database],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise SystemExit(done.stderr[-3000:] or done.stdout[-3000:])
    told: list[dict[str, Any]] = json.loads(done.stdout.splitlines()[-1])
    return {each["what"]: Measured(**each) for each in told}


def main() -> None:
    print(f"On {'PostgreSQL' if SERVER else 'SQLite'}, two workers, milliseconds")
    results = {size: run(size) for size in SIZES}
    for size, table in results.items():
        floor = table["floor"].median
        print(f"\n{size:,} referrals{'':<27}{'reach':>7}{'median':>9}{'p95':>9}{'× floor':>9}{'queries':>9}")
        for each in table.values():
            ratio = f"{each.median / floor:.1f}" if not each.note else ""
            print(
                f"  {each.what:<42}{each.reach or '':>7}{each.median:>9.1f}{each.p95:>9.1f}{ratio:>9}"
                f"{each.queries or '':>9} {each.note}"
            )
    if len(results) > 1:
        small, large = results[min(results)], results[max(results)]
        print(f"\nmedian at {max(results):,} beside {min(results):,} (queues: at most 1.3)")
        for what, each in large.items():
            if not each.note and what in small:
                print(f"  {what:<42}{each.median / small[what].median:>7.2f}")


if __name__ == "__main__":
    one_size(sys.argv[1]) if len(sys.argv) > 1 else main()
