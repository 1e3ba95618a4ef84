"""A draft over many past referrals: how long the working out takes, and where the time goes.

    .venv/bin/python -m bench.replay            # 100,000 referrals, as the design asks
    REFERRALS=10000 .venv/bin/python -m bench.replay

Seeds the demonstration and the referrals into the database of the environment where they are not there yet. What is
measured is the stored replay as the worker does it (chunks, figures and changed cases written) and the bare engine.
"""

from __future__ import annotations

import os
import time

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

import django

django.setup()

from django.core.management import call_command
from django.utils import timezone
from django_scopes import scope, scopes_disabled

from partnerships.models import Partnership, User
from referrals.models import Child, Referral, Replay, ReplayedCase
from referrals.replay import actions, running
from thresholds import actions as threshold_actions
from thresholds.loading import version_in_force
from thresholds.models import SchemeVersion

REFERRALS = int(os.environ.get("REFERRALS", "100000"))
PARTNERSHIP = "northamptonshire"


def prepare() -> Partnership:
    """The demonstration, and enough referrals in one partnership: the others' are moved over to it by being seeded."""
    call_command("migrate", verbosity=0)
    call_command("seed_demo", no_referrals=True)
    partnership = Partnership.objects.get(slug=PARTNERSHIP)
    with scopes_disabled():
        there = Referral.objects.filter(partnership=partnership).count()
    if there < REFERRALS:
        call_command("seed_load", referrals=(REFERRALS - there) * Partnership.objects.count(), seed=1 + there)
    return partnership


def a_draft(partnership: Partnership, by: User) -> SchemeVersion:
    """The version in force with its second level sent to the MASH: a change that moves very many."""
    draft = threshold_actions.draft_from(
        version=version_in_force(partnership, timezone.now()), by=by, at=timezone.now()
    )
    draft.levels.filter(rank__gte=2).update(route="mash")
    return draft


def main() -> None:
    partnership = prepare()
    by = User.objects.filter(memberships__partnership=partnership, memberships__role="admin").first()
    with scope(partnership=partnership):
        for title, change in (("nothing changes", False), ("very many change", True)):
            version = version_in_force(partnership, timezone.now())
            draft = (
                a_draft(partnership, by)
                if change
                else threshold_actions.draft_from(version=version, by=by, at=timezone.now())
            )
            replay = actions.start_replay(version=draft, since=None, by=by, at=timezone.now())
            started, used = time.perf_counter(), time.process_time()
            while running.go_on(replay.pk, partnership=replay.partnership_id, now=timezone.now):
                pass
            seconds, processor = time.perf_counter() - started, time.process_time() - used
            replay.refresh_from_db()
            children, changed = replay.figures["children"], replay.figures["changed"]
            print(
                f"{title}: {replay.done:,} referrals, {children:,} children, {changed:,} moved: "
                f"{seconds:.1f} s ({processor:.1f} s of one core), {replay.done / seconds:,.0f} referrals a second; "
                f"{100_000 * seconds / max(replay.done, 1):.1f} s for 100,000, to reach 15"
            )
            assert replay.state == Replay.State.DONE and replay.done == replay.total
            ReplayedCase.objects.filter(replay=replay).delete()
            replay.delete()
            draft.delete()
    with scope(partnership=partnership):
        print(f"children kept: {Child.objects.count():,}")


if __name__ == "__main__":
    main()
