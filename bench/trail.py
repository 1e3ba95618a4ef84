"""How long a manager waits for one referral's trail among many: `python -m bench.trail [--entries N]`.

On the database of `DATABASE_URL`, which is filled first (demonstration mode only: take a database of its own). Each
record has forty entries, of itself and of its parts; one entry in fifty is a search that listed 25 records. The plan
is printed: a table read from end to end is a fault.
"""

from __future__ import annotations

import argparse
import datetime as dt
import os
import statistics
import time
import uuid

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

A_RECORD = 40
A_SEARCH = 50
BATCH = 5000
TIMES = 20
VERBS = ("referral.read", "referral.part_read", "letter.read", "support.read", "check.read", "attachment.downloaded")


def main() -> None:
    told = argparse.ArgumentParser(prog="python -m bench.trail", description="Time one record's trail.")
    told.add_argument("--entries", type=int, default=500_000)
    wanted = told.parse_args().entries

    import django

    django.setup()
    from django.core.management import call_command
    from django.db import connection

    from partnerships import audit, trail
    from partnerships.models import AuditEntry, Partnership

    call_command("migrate", verbosity=0)
    call_command("seed_demo", "--no-referrals", verbosity=0)
    partnership, now = Partnership.objects.get(slug="medway"), dt.datetime.now(dt.UTC)
    records = [uuid.uuid5(uuid.NAMESPACE_OID, str(n)) for n in range(wanted // A_RECORD)]
    there = AuditEntry.objects.filter(partnership=partnership).count()
    started = time.perf_counter()
    for start in range(there, wanted, BATCH):
        entries = []
        for n in range(start, min(wanted, start + BATCH)):
            of = records[n % len(records)]
            listed = [str(records[(n + step) % len(records)]) for step in range(25)]
            entries.append(
                audit.Told(trail.SEARCHED, "search", detail={"listed": listed})
                if n % A_SEARCH == 0
                else audit.Told(VERBS[n % len(VERBS)], "part", uuid.uuid4() if n % 2 else of, of=of)
            )
        audit.record_all(partnership=partnership, entries=entries, by=None, at=now)
    filled = max(0, wanted - there)
    if filled:
        print(
            f"{connection.vendor}: {filled:,} entries written, {filled / (time.perf_counter() - started):,.0f} a second"
        )
    connection.cursor().execute("ANALYZE")

    def read(record: uuid.UUID) -> tuple[int, int]:
        sought = trail.Sought(object_id=str(record), records=(record, uuid.uuid4()), parts=tuple(parts))
        found = trail.entries(partnership, sought)
        return found.count(), len(found[:50])

    parts = [str(uuid.uuid4()) for _ in range(60)]
    took, seen = [], 0
    for record in records[5 : 5 + TIMES]:
        started = time.perf_counter()
        seen, _ = read(record)
        took.append((time.perf_counter() - started) * 1000)
    print(
        f"{connection.vendor}: one record's trail, {seen} of {AuditEntry.objects.count():,} entries: median "
        f"{statistics.median(took):.1f} ms, slowest {max(took):.1f} ms"
    )
    sought = trail.Sought(object_id=str(records[7]), records=(records[7],), parts=tuple(parts[:3]))
    plan = trail.entries(partnership, sought)[:50].explain()
    print(plan)
    if "Seq Scan on partnerships_auditentry" in plan or "SCAN partnerships_auditentry" in plan:
        raise SystemExit("The trail is read from end to end.")


if __name__ == "__main__":
    main()
