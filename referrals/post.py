"""How a notice leaves: by the mail system, or by GOV.UK Notify where a partnership has it.

A provider that can be asked whether it has a notice is asked before the notice is handed over again. Notify can: each
notice carries its id as `reference`. A mail system by SMTP can't, so the asking is done of our own post book: a postman
that outlives the worker (`referrals.postman`) notes there that an email's last dot goes out, and what was answered.
Only where the postman itself, or its machine, dies between the two is a notice in doubt: it may have gone.
"""

from __future__ import annotations

import base64
import logging
import re
import smtplib
import time
from abc import ABC, abstractmethod
from email.utils import parseaddr
from functools import lru_cache
from typing import Any, Protocol

from django.conf import settings
from django.core.mail import EmailMessage, get_connection
from django.core.mail.message import sanitize_address

from partnerships import telling
from referrals.models import Notice
from referrals.post_book import Entry, PostBook, instant
from referrals.postman import HandingOverFailed, Postman, Refused

log = logging.getLogger(__name__)


class NotTaken(Exception):
    """The address takes no post, and will not by trying again. The message says in a word why."""


class Post(Protocol):
    """What delivers."""

    book: str
    """The name of the post book in which handings-over are noted; empty where there is none."""
    follows: bool
    """Whether it can say later what became of a notice."""

    def ready(self) -> None:
        """Be connected, before a handing-over begins. May raise as `send`."""

    def close(self) -> None:
        """Take leave, after a delivery's last notice. Raises nothing."""

    def has(self, notice: Notice) -> bool | None:
        """Whether the notice went when its handing-over was begun; None where nobody knows. May raise as `send`."""

    def send(self, notice: Notice) -> None:
        """Hand it over. Raises `NotTaken` where the address is refused for good, anything else to try again later."""

    def became(self, notice: Notice) -> bool | None:
        """What became of a notice handed over: True delivered, False came back, None not known (yet)."""


def as_sent(notice: Notice) -> str:
    return telling.as_sent(notice.kind, notice.to, notice.body)


def email_of(notice: Notice) -> EmailMessage:
    return EmailMessage(
        subject=notice.subject,
        body=as_sent(notice),
        to=[notice.to.email],
        headers={"Message-ID": message_id(notice), "Auto-Submitted": "auto-generated"},
    )


class Connected(ABC):
    """A mail system: one connection for all of a delivery. What became of an email later, it never says."""

    follows = False
    refusal: type[Exception] = smtplib.SMTPRecipientsRefused

    @abstractmethod
    def ready(self) -> None:
        """As of a `Post`."""

    @abstractmethod
    def close(self) -> None:
        """As of a `Post`."""

    @abstractmethod
    def hand_over(self, notice: Notice) -> None:
        """Hand it over; raises `refusal` where the address is refused."""

    @abstractmethod
    def codes(self, refused: Any) -> list[int]:
        """What the mail system answered when it refused."""

    def send(self, notice: Notice) -> None:
        self.ready()
        try:
            self.hand_over(notice)
        except self.refusal as refused:
            codes = self.codes(refused)
            if codes and all(500 <= code < 600 for code in codes):
                raise NotTaken(f"refused, {codes[0]}") from refused
            raise
        except Exception:
            self.close()  # whatever it was, the next notice has a connection of its own
            raise

    def became(self, notice: Notice) -> bool | None:
        return None


class MailSystem(Connected):
    """Django's mail backends but SMTP: the console in the default."""

    book = ""

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

    def hand_over(self, notice: Notice) -> None:
        self.connection.send_messages([email_of(notice)])

    def codes(self, refused: smtplib.SMTPRecipientsRefused) -> list[int]:
        return [code for code, _ in refused.recipients.values()]


LINE_ENDS = re.compile(rb"\r?\n|\r(?!\n)")
IN_HAND = 60.0
"""Seconds after which the postman hands nothing over any more: well within a lease."""
_idle: list[Postman] = []
"""This process's postmen between two deliveries."""


def hire() -> Postman:
    while _idle:
        postman = _idle.pop()
        if postman.is_here():
            return postman
        postman.dismiss()
    return Postman()


class BySMTP(Connected):
    """A mail system by SMTP: one postman for all of a delivery, and this host's post book."""

    refusal = Refused

    def __init__(self) -> None:
        self.kept = PostBook(settings.POST_BOOK_DIR)
        self.postman: Postman | None = None
        try:
            self.book = self.kept.name()
        except OSError:
            self.book = ""

    def ready(self) -> None:
        if self.postman is not None:
            return
        postman = hire()
        try:
            told = postman.ask(
                do="connect",
                book=str(self.kept.folder),
                host=settings.EMAIL_HOST,
                port=settings.EMAIL_PORT,
                user=settings.EMAIL_HOST_USER,
                password=settings.EMAIL_HOST_PASSWORD,
                tls=settings.EMAIL_USE_TLS,
                ssl=settings.EMAIL_USE_SSL,
                cert=settings.EMAIL_SSL_CERTFILE,
                key=settings.EMAIL_SSL_KEYFILE,
                seconds=settings.EMAIL_TIMEOUT,
            )
        except Exception:
            postman.dismiss()
            raise
        self.postman, self.book = postman, told["book"]
        if not self.book:
            log.error("The post book in %s can't be written: what a dying postman had in hand may go twice", self.kept)

    def close(self) -> None:
        postman, self.postman = self.postman, None
        if postman is not None:
            try:
                postman.ask(do="leave")
            except HandingOverFailed as error:  # all that it took is marked already
                log.warning("The mail system was left without a word (%s)", error)
                postman.dismiss()
            else:
                _idle.append(postman)

    def has(self, notice: Notice) -> bool | None:
        """By the post book, where the handing-over was begun on this host with it; else nobody knows."""
        if not notice.begun_on or notice.begun_on != self.book or notice.begun_at is None:
            return None
        said = self.kept.says(str(notice.pk), instant(notice.begun_at))
        return None if said is Entry.HANDING_OVER else said is Entry.TAKEN

    def hand_over(self, notice: Notice) -> None:
        message = email_of(notice)
        assert self.postman and notice.begun_at
        self.postman.ask(
            do="send",
            notice=str(notice.pk),
            begun=instant(notice.begun_at),
            until=time.time() + IN_HAND,
            to=sanitize_address(notice.to.email, "utf-8"),
            message=base64.b64encode(LINE_ENDS.sub(b"\r\n", message.message().as_bytes())).decode(),
            **{"from": sanitize_address(parseaddr(message.from_email)[1], "utf-8")},
        )

    def codes(self, refused: Refused) -> list[int]:
        return [refused.code]


CAME_BACK = ("permanent-failure", "temporary-failure", "technical-failure")


class Notify:
    """GOV.UK Notify, by its own client. The template has two places: ((subject)) and ((body))."""

    book, follows = "", True

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
                personalisation={"subject": notice.subject, "body": as_sent(notice)},
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
    return BySMTP() if settings.EMAIL_BACKEND.endswith(".smtp.EmailBackend") else MailSystem()
