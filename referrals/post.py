"""How a notice leaves: by the mail system, or by GOV.UK Notify where a partnership has it.

A provider that can be asked whether it has a notice is asked before the notice is handed over again. Notify can: each
notice carries its id as `reference`. A mail system by SMTP can't: what was handed over and not noted before the
worker died goes again, at least once and under the same Message-ID, so that a mailbox can tell. That moment is kept
short: the connection stands before the handing-over is begun, and stays open until the notice is marked, so that no
connecting, signing in or taking leave lies in it; what remains is the answer on its way and one statement.
"""

from __future__ import annotations

import logging
import smtplib
from functools import lru_cache
from typing import Any, Protocol

from django.conf import settings
from django.core.mail import EmailMessage, get_connection

from referrals.models import Notice

log = logging.getLogger(__name__)


class NotTaken(Exception):
    """The address takes no post, and will not by trying again. The message says in a word why."""


class Post(Protocol):
    """What delivers."""

    def ready(self) -> None:
        """Be connected, before a handing-over begins. May raise as `send`."""

    def close(self) -> None:
        """Take leave, after a delivery's last notice. Raises nothing."""

    def has(self, notice: Notice) -> bool | None:
        """Whether the provider was handed this notice before; None where it can't be asked. May raise as `send`."""

    def send(self, notice: Notice) -> None:
        """Hand it over. Raises `NotTaken` where the address is refused for good, anything else to try again later."""

    def became(self, notice: Notice) -> bool | None:
        """What became of a notice handed over: True delivered, False came back, None not known (yet)."""


class MailSystem:
    """Django's mail backend: SMTP, or the console in the default. One connection for all of a delivery."""

    def __init__(self) -> None:
        self.connection: Any = None

    def ready(self) -> None:
        if self.connection is None:
            connection = get_connection()
            connection.open()
            self.connection = connection

    def close(self) -> None:
        connection, self.connection = self.connection, None
        if connection is not None:
            try:
                connection.close()
            except Exception as error:  # all that it took is marked already
                log.warning("The mail system was left without a word (%s)", type(error).__name__)

    def has(self, notice: Notice) -> bool | None:
        return None

    def send(self, notice: Notice) -> None:
        message = EmailMessage(
            subject=notice.subject,
            body=notice.body,
            to=[notice.to.email],
            headers={"Message-ID": message_id(notice), "Auto-Submitted": "auto-generated"},
        )
        self.ready()
        try:
            self.connection.send_messages([message])
        except smtplib.SMTPRecipientsRefused as refused:
            codes = [code for code, _ in refused.recipients.values()]
            if codes and all(500 <= code < 600 for code in codes):
                raise NotTaken(f"refused, {codes[0]}") from refused
            raise
        except Exception:
            self.close()  # whatever it was, the next notice has a connection of its own
            raise

    def became(self, notice: Notice) -> bool | None:
        return None


CAME_BACK = ("permanent-failure", "temporary-failure", "technical-failure")


class Notify:
    """GOV.UK Notify, by its own client. The template has two places: ((subject)) and ((body))."""

    def __init__(self, client: Any, template_id: str) -> None:
        self.client, self.template_id = client, template_id

    def ready(self) -> None:
        """Each request to Notify is a connection of its own."""

    def close(self) -> None:
        """As above."""

    def known(self, notice: Notice) -> list[dict[str, Any]]:
        found = self.client.get_all_notifications(template_type="email", reference=str(notice.pk))
        return list(found["notifications"])

    def has(self, notice: Notice) -> bool | None:
        return any(each.get("status") not in CAME_BACK for each in self.known(notice))

    def send(self, notice: Notice) -> None:
        from notifications_python_client.errors import HTTPError

        try:
            self.client.send_email_notification(
                email_address=notice.to.email,
                template_id=self.template_id,
                personalisation={"subject": notice.subject, "body": notice.body},
                reference=str(notice.pk),
            )
        except HTTPError as error:
            if error.status_code == 400 and "email_address" in str(error.message):
                raise NotTaken("the address is not valid") from error
            raise

    def became(self, notice: Notice) -> bool | None:
        statuses = {each.get("status") for each in self.known(notice)}
        if "delivered" in statuses:
            return True
        return False if statuses and statuses <= set(CAME_BACK) else None


def message_id(notice: Notice) -> str:
    return f"<{notice.pk}@front-door>"


@lru_cache(maxsize=2)
def notify(key: str, template_id: str, url: str) -> Notify:
    from notifications_python_client.notifications import NotificationsAPIClient

    return Notify(NotificationsAPIClient(key, base_url=url, timeout=settings.EMAIL_TIMEOUT), template_id)


def provider() -> Post:
    """Notify where there is a key for it, else the mail system."""
    if settings.NOTIFY_API_KEY:
        return notify(settings.NOTIFY_API_KEY, settings.NOTIFY_TEMPLATE_ID, settings.NOTIFY_URL)
    return MailSystem()
