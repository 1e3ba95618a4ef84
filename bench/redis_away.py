"""Redis stopped, frozen, full and emptied while referrals are sent: `python -m bench.redis_away [REFERRALS]`.

For each of the four: so many referrals are sent by the form's own page; after a quarter of them Redis goes, for another
half, and is back for the last quarter. Every referral must be stored, each page within 2 seconds, and every notice must
have gone out, once, within 60 seconds of the recovery. A real worker and beat at their own pace; PostgreSQL, Redis and
the mail system are started here, in a folder that goes again.
"""

from __future__ import annotations

import argparse
import shutil
import signal
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from bench.kills import Provider, Services

STATES = ("stopped", "frozen", "full", "emptied")
PAGE, TOLD = 2.0, 60.0


def goes(services: Services, state: str) -> None:
    import redis

    client = redis.Redis(port=services.redis_port, socket_timeout=5)
    if state == "stopped":
        services.kill("broker")
    elif state == "frozen":
        services.running["broker"].send_signal(signal.SIGSTOP)
    elif state == "full":
        client.config_set("maxmemory", "1")
    elif state == "emptied":
        client.flushall()


def comes_back(services: Services, state: str) -> None:
    import redis

    if state == "stopped":
        services.start("broker")
    elif state == "frozen":
        services.running["broker"].send_signal(signal.SIGCONT)
    elif state == "full":
        redis.Redis(port=services.redis_port, socket_timeout=5).config_set("maxmemory", "0")


def send_all(world: Any, services: Services, state: str, wanted: int) -> tuple[list[float], float]:
    """How long each page took, and when Redis was back."""
    from django.test import Client

    from partnerships.permissions import Role
    from tests.factories import make_draft

    client, took, back = Client(), [], 0.0
    client.force_login(world.person(Role.PRACTITIONER))
    for number in range(wanted):
        draft = make_draft(world)
        draft.answers["worry"] = {"happened": "Robin came to school hungry."}
        draft.save()
        again = state == "emptied" and number % 10 == 0 and wanted // 4 < number < wanted * 3 // 4
        if number == wanted // 4 or again:
            goes(services, state)
        elif number == wanted * 3 // 4:
            comes_back(services, state)
            back = time.monotonic()
        begun = time.monotonic()
        answer = client.post(f"/{world.partnership.slug}/refer/{draft.pk}/send/")
        took.append(time.monotonic() - begun)
        assert answer.status_code == 302, answer.content[:300]
    return took, back


def main() -> None:
    told = argparse.ArgumentParser(prog="python -m bench.redis_away", description="Send while Redis is away.")
    told.add_argument("referrals", nargs="?", type=int, default=200)
    wanted = told.parse_args().referrals
    if not shutil.which("redis-server") or not list(Path("/usr/lib/postgresql").glob("*/bin/initdb")):
        raise SystemExit("redis_away: redis-server or PostgreSQL is not installed; nothing was measured.")
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("redis_away: stopped before the end"))
    folder = Path(tempfile.mkdtemp(prefix="front-door-redis-"))
    services = Services(folder, "smtp", 0.0)
    services.environment["SWEEP_SECONDS"] = "20"
    with services.open("redisshire") as world:
        send_all(world, services, "", 1)  # what is imported and prepared at the first page is no cost of the next
        sound = [one_state(world, services, state, wanted) for state in STATES]
        raise SystemExit(0 if all(sound) else 1)


def one_state(world: Any, services: Services, state: str, wanted: int) -> bool:
    from referrals.models import Notice, Referral

    before = Referral.objects.count()
    took, back = send_all(world, services, state, wanted)
    while Notice.objects.filter(state="waiting").exists() and time.monotonic() - back < 3 * TOLD:
        time.sleep(0.05)
    out = time.monotonic() - back
    stored, notices = Referral.objects.count() - before, Notice.objects.count()
    lost = notices - sum(1 for times in Provider.taken.values() if times)
    doubled = sum(times > 1 for times in Provider.taken.values())
    away = sorted(took[wanted // 4 : wanted * 3 // 4])
    print(
        f"{state:<8} {stored} of {wanted} stored; slowest page {max(took):.2f} s, while away median "
        f"{away[len(away) // 2]:.2f} s, {sum(each > 0.5 for each in away)} above half a second; {notices} notices so "
        f"far, {lost} lost, {doubled} doubled, all out {out:.0f} s after the recovery",
        flush=True,
    )
    return stored == wanted and max(took) < PAGE and not lost and not doubled and out < TOLD


if __name__ == "__main__":
    main()
