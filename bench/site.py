"""The portal's settings for measuring: the same, with a count of its queries in each answer, and one page more.

That page is the floor: what a signed-in page costs with one query and our base template, whatever it says.
"""

from collections.abc import Callable
from contextlib import ExitStack
from typing import Any

from config.settings import *  # noqa: F403
from config.settings import MIDDLEWARE

ROOT_URLCONF = "bench.site_urls"
MIDDLEWARE = ["bench.site.CountQueries", *MIDDLEWARE]
LOGGING = {"version": 1, "disable_existing_loggers": True}
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = SECURE_SSL_REDIRECT = False


class CountQueries:
    """Says in `X-Queries` how many queries the answer took."""

    def __init__(self, get_response: Callable[[Any], Any]) -> None:
        self.get_response = get_response

    def __call__(self, request: Any) -> Any:
        from django.db import connection

        count = 0

        def counted(execute: Any, sql: str, *rest: Any) -> Any:
            nonlocal count
            count += not sql.startswith(("SAVEPOINT", "RELEASE", "ROLLBACK"))
            return execute(sql, *rest)

        with ExitStack() as stack:
            stack.enter_context(connection.execute_wrapper(counted))
            response = self.get_response(request)
        response["X-Queries"] = str(count)
        return response
