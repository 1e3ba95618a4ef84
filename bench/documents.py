"""How long a referral's summary takes as a PDF: `python -m bench.documents`.

The page is the one that the portal makes for a manager, of each demonstration referral in turn; what is measured is the
layout, warm, on one core. On the database of the environment (demonstration mode), which is set up first.
"""

from __future__ import annotations

import os
import statistics
import time
from io import BytesIO

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

TIMES, REACH = 20, 250


def main() -> None:
    import django

    django.setup()
    from django.core.management import call_command
    from django.test import Client
    from django_scopes import scopes_disabled
    from pypdf import PdfReader

    from partnerships.documents import pdf_of
    from partnerships.models import User
    from referrals.documents import making
    from referrals.models import Referral

    call_command("migrate", verbosity=0)
    call_command("seed_demo", verbosity=0)
    pages: list[str] = []

    def noting(page: str) -> bytes:
        pages.append(page)
        return pdf_of(page)

    making.pdf_of = noting
    client = Client(HTTP_HOST="127.0.0.1")
    client.force_login(User.objects.get(email="manager@medway.example"))
    with scopes_disabled():
        making.Document.objects.all().delete()  # made anew: it is the making that is measured
        keys = list(Referral.objects.filter(partnership__slug="medway").order_by("-received_at").values_list("pk")[:6])
    for (key,) in keys:
        client.get(f"/medway/triage/{key}/summary.pdf")
    by_length = {len(PdfReader(BytesIO(pdf_of(page))).pages): page for page in pages}
    for length, page in sorted(by_length.items()):
        took = []
        for _ in range(TIMES):
            started = time.perf_counter()
            pdf_of(page)
            took.append((time.perf_counter() - started) * 1000)
        took.sort()
        median, p95 = statistics.median(took), took[round(TIMES * 0.95) - 1]
        print(f"summary of {length} pages: median {median:.0f} ms, p95 {p95:.0f} ms; of 3 pages, to reach {REACH}")


if __name__ == "__main__":
    main()
