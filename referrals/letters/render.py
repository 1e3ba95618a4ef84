"""Documents as tagged PDF: see `partnerships.documents`."""

from partnerships.documents import fetcher, pdf, stylesheet

__all__ = ["fetcher", "pdf", "stylesheet"]
