"""Why a notice did not go, in words for an admin who knows no mail system from within."""

from __future__ import annotations

from referrals.models import Notice

IN_DOUBT = "InDoubt"
"""What stands as the error of a notice that is held because nobody knows whether it went."""

AWAY = "the mail system could not be reached"
SILENT = "the mail system did not answer in time"
BROKE_OFF = "the mail system broke off"
SENDER = "the mail system did not take it from Front Door: tell whoever runs Front Door"
OURS = "Front Door itself was cut off while it was sent"

WORDS = {
    "ConnectionRefusedError": AWAY,
    "ConnectionError": AWAY,
    "gaierror": AWAY,
    "ConnectTimeout": AWAY,
    "TimeoutError": SILENT,
    "Timeout": SILENT,
    "ReadTimeout": SILENT,
    "PostmanSilent": SILENT,
    "ConnectionResetError": BROKE_OFF,
    "SMTPServerDisconnected": BROKE_OFF,
    "SMTPAuthenticationError": SENDER,
    "SMTPSenderRefused": SENDER,
    "SMTPResponseException": SENDER,
    "SMTPRecipientsRefused": "the mail system put the address off for now",
    "HTTPError": "GOV.UK Notify did not take it",
    "HTTP503Error": "GOV.UK Notify could not be reached",
    "PostmanGone": OURS,
}


def why_not(notice: Notice) -> str:
    """One line: how it stands, and why. The error's own name follows, for whoever runs Front Door."""
    if notice.last_error == IN_DOUBT:
        return "In doubt: it may have gone. Ask them, or send it again"
    stands = notice.get_state_display()
    if notice.state == Notice.State.BOUNCED:
        refused = notice.last_error.removeprefix("refused, ")
        said = f"the address was refused ({refused})" if refused != notice.last_error else refused
        return f"{stands}: {said}" if said else stands
    tries = f"{stands} after {notice.attempts} attempt{'' if notice.attempts == 1 else 's'}"
    said = WORDS.get(notice.last_error, "")
    return f"{tries}: {said} ({notice.last_error})" if said else f"{tries} ({notice.last_error})"
