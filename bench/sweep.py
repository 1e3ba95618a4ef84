"""How long a sweep takes over many running clocks: `python -m bench.sweep [--clocks N]`.

On the database of `DATABASE_URL`, which is filled first (demonstration mode only: take a database of its own). DESIGN
asks for a sweep over 100,000 running clocks within 5 s. What a sweep costs is what it finds to do: nothing, what falls
due in a busy minute, an hour without a sweeper, and at last every clock at once. Each step is an entry of the trail and
a notice to each who hears of it, all of them written and counted.
"""

from __future__ import annotations

import argparse
import datetime as dt
import os
import time

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

A_REFERRAL = 5
BATCH = 5000


def clocks_of_our_own(wanted: int, at: dt.datetime) -> list[int]:
    """So many running clocks, none of which has anything to do yet; those of an earlier run go. Their keys."""
    from django_scopes import scopes_disabled

    from referrals.models import Clock, Notice, Referral

    with scopes_disabled():
        Notice.objects.filter(key__startswith="clock:").delete()
        Clock.objects.filter(slug__startswith="bench-").delete()
        Clock.objects.filter(met_at__isnull=True).update(next_step_at=None)
        later = at + dt.timedelta(days=30)
        rows = [
            Clock(
                partnership_id=partnership,
                referral_id=key,
                slug=f"bench-{number}",
                name="Decide what happens",
                started_at=at,
                warn_at=later,
                due_at=later,
                first_due_at=later,
                next_step_at=later,
            )
            for key, partnership in Referral.objects.order_by("pk").values_list("pk", "partnership")
            for number in range(A_REFERRAL)
        ][:wanted]
        for start in range(0, len(rows), BATCH):
            Clock.objects.bulk_create(rows[start : start + BATCH])
        return list(Clock.objects.filter(slug__startswith="bench-").values_list("pk", flat=True))


def main() -> None:
    told = argparse.ArgumentParser(prog="python -m bench.sweep", description="Time a sweep.")
    told.add_argument("--clocks", type=int, default=100_000)
    wanted = told.parse_args().clocks

    import django

    django.setup()
    from django.core.management import call_command
    from django.db import connection
    from django.utils import timezone
    from django_scopes import scopes_disabled

    from referrals.clocks.sweep import sweep
    from referrals.models import Clock, Notice, Referral

    call_command("migrate", verbosity=0)
    call_command("seed_demo", "--no-referrals", verbosity=0)
    with scopes_disabled():
        lack = wanted // A_REFERRAL - Referral.objects.count()
    if lack > 0:
        call_command("seed_load", "--referrals", str(lack), verbosity=0)
    now = timezone.now()
    keys = clocks_of_our_own(wanted, now)
    if connection.vendor == "postgresql":
        connection.cursor().execute("ANALYZE")
    load, cores = os.getloadavg()[0], os.cpu_count()
    print(
        f"{connection.vendor}: {len(keys):,} running clocks; to reach: 5 s. Load of the machine {load:.1f} on {cores}"
    )
    sweep(at=now)  # what is imported and prepared at the first one is no cost of the next
    for what, due in (
        ("nothing is due", 0),
        ("a busy minute", len(keys) // 100),
        ("an hour without a sweeper", len(keys) // 10),
        ("all that is left, at once", len(keys)),
    ):
        mine, keys = keys[:due], keys[due:]
        with scopes_disabled():
            for start in range(0, len(mine), BATCH):
                Clock.objects.filter(pk__in=mine[start : start + BATCH]).update(next_step_at=now)
            before = Notice.objects.count()
        started, worked = time.perf_counter(), time.process_time()
        done = times = 0
        while done < len(mine) or not times:  # a sweep ends in its time, and the next goes on
            done, times = done + sweep(at=now).due_soon, times + 1
        took, worked = time.perf_counter() - started, time.process_time() - worked
        with scopes_disabled():
            notices = Notice.objects.count() - before
        assert done == len(mine), done
        counts = f"{done:>7,} steps, {notices:>7,} notices"
        by = f"in {times} sweep{'' if times == 1 else 's'}"
        print(f"  {what:<28} {counts}  {took:6.2f} s {by}, of it {worked:6.2f} s of this process", flush=True)


if __name__ == "__main__":
    main()
