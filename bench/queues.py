"""How fast queues, the deepest page, seen-before and search answer: `python -m bench.queues [--referrals N]`.

Server time of whole requests, in milliseconds, through the portal's own middleware on the database of `DATABASE_URL`,
which is filled up to N synthetic referrals first (demonstration mode only: take a database of its own). DESIGN asks for
a million with fifty thousand open; the size that was measured is printed beside what came of it.
"""

from __future__ import annotations

import argparse
import os
import statistics
import time
from collections.abc import Callable
from typing import Any

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

TIMES = 40


def timed(ask: Callable[[], Any]) -> tuple[float, float, int]:
    """The median and the 95th percentile in milliseconds, and the queries of one request."""
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    for _ in range(4):
        ask()
    with CaptureQueriesContext(connection) as captured:
        ask()
    queries = len(captured)  # now: the next request empties what was captured
    took = []
    for _ in range(TIMES):
        started = time.perf_counter()
        ask()
        took.append((time.perf_counter() - started) * 1000)
    took.sort()
    return statistics.median(took), took[round(len(took) * 0.95) - 1], queries


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--referrals", type=int, default=20_000)
    wanted = parser.parse_args().referrals
    import django

    django.setup()
    from django.core.management import call_command
    from django.db import connection
    from django.test import Client
    from django_scopes import scope, scopes_disabled

    from partnerships.models import Membership, Partnership
    from referrals.models import Child, Referral

    call_command("migrate", verbosity=0)
    call_command("seed_demo", "--no-referrals")
    with scopes_disabled():
        there = Referral.objects.count()
        if there < wanted:
            call_command("seed_load", "--referrals", str(wanted - there), "--seed", str(there + 1))
        if connection.vendor == "postgresql":
            with connection.cursor() as cursor:
                cursor.execute("ANALYZE")
        held = Membership.objects.filter(partnership__slug="medway", role="screener").select_related("user").first()
        open_now, total = Referral.objects.open().count(), Referral.objects.count()
        children = Child.objects.count()
    assert held is not None
    client = Client(HTTP_HOST="127.0.0.1")
    client.force_login(held.user)
    queue, search = "/medway/queue/mash/", "/medway/search/"
    with scope(partnership=Partnership.objects.get(slug="medway")):
        deep = deepest(queue, held.team)
        child = Child.objects.filter(referral__team=held.team).select_related("referral").order_by("pk").first()
        assert child is not None
        one = f"/medway/triage/{child.referral_id}/"
    print(f"{connection.vendor}: {total:,} referrals, {open_now:,} open, {children:,} children")
    for what, reach, ask in (
        ("queue, first page", 50, lambda: client.get(queue)),
        ("queue, deepest page", 50, lambda: client.get(deep)),
        ("queue, filtered", 50, lambda: client.get(f"{queue}?show=unassigned&level=3")),
        ("queue, live counts", 50, lambda: client.get(f"{queue}counts/")),
        ("referral page, from a list", 60, lambda: client.get(f"{one}?list=mash")),
        ("one history", 150, lambda: client.get(f"{one}history/")),
        ("search by name", 150, lambda: client.post(search, {"name": f"{child.first_name} {child.last_name}"})),
        ("search, one word", 150, lambda: client.post(search, {"name": child.last_name})),
        ("search, misspelt", 150, lambda: client.post(search, {"name": "Izla Okoroh"})),
        ("search by number", 150, lambda: client.post(search, {"number": "9990000018"})),
    ):
        median, p95, queries = timed(ask)
        print(f"  {what:<28} median {median:6.1f}  p95 {p95:6.1f}  to reach {reach:>3}  {queries} queries")


def deepest(queue: str, team: Any) -> str:
    """The address of the last page of a team's queue."""
    from referrals.models import Referral
    from referrals.triage.filters import Cursor

    last = list(Referral.objects.in_queue(team).reverse()[:26])
    return f"{queue}?after={Cursor.at(last[-1])}" if len(last) > 25 else queue


if __name__ == "__main__":
    main()
