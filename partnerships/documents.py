"""Documents as tagged PDF (PDF/UA-1), from templates. Nothing is fetched from network or disk."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Callable
from functools import lru_cache
from typing import Any

from django.conf import settings
from django.core.cache import cache
from django.template.loader import render_to_string

log = logging.getLogger(__name__)

A_DAY = 24 * 60 * 60


@lru_cache(maxsize=1)
def fetcher() -> Any:
    """WeasyPrint's way to whatever a document links to: `data:` alone, and a link to anything else stops it."""
    from weasyprint.urls import URLFetcher

    return URLFetcher(allowed_protocols=("data",), allow_redirects=False, fail_on_errors=True)


@lru_cache(maxsize=1)
def stylesheet() -> Any:
    """The print stylesheet, read from the disk and parsed once a process."""
    from weasyprint import CSS

    path = settings.BASE_DIR / "static" / "print.css"
    return CSS(string=path.read_text(encoding="utf-8"), url_fetcher=fetcher())


def pdf(template: str, context: dict[str, Any]) -> bytes:
    """A template rendered to a tagged PDF. The template's `<title>` and `lang` become the document's.

    Example: `pdf("referrals/documents/referral.html", {"referral": referral, "cards": cards, "now": at})`
    """
    return pdf_of(render_to_string(template, context))


def public_pdf(template: str, context: dict[str, Any]) -> bytes:
    """A document that anybody may have: kept by what it says, so that asking often costs little.

    Never for what tells of a child: the cache is no place for that.
    """
    page = render_to_string(template, context)
    style = (settings.BASE_DIR / "static" / "print.css").read_bytes()
    key = "public-pdf-" + hashlib.sha256(page.encode() + style).hexdigest()
    kept: bytes | None = of_cache(cache.get, key)
    if kept is None:
        kept = pdf_of(page)
        of_cache(cache.set, key, kept, A_DAY)
    return kept


def of_cache(what: Callable[..., Any], *asked: Any) -> Any:
    """What the cache answers; None where it is away or full, since a page goes on without it."""
    try:
        return what(*asked)
    except Exception as error:
        log.warning("A public document is made anew: the cache is away (%s)", type(error).__name__)
        return None


def pdf_of(page: str) -> bytes:
    """A whole HTML page as a tagged PDF."""
    from weasyprint import HTML

    document = HTML(string=page, url_fetcher=fetcher(), base_url=None)
    return document.write_pdf(stylesheets=[stylesheet()], pdf_variant="pdf/ua-1")
