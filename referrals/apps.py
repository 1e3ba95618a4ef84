from django.apps import AppConfig


class ReferralsConfig(AppConfig):
    name = "referrals"
    verbose_name = "Referrals"

    def ready(self) -> None:
        """What keys, words to people and leaving have to know of is told when the process begins."""
        from referrals import outbox, people
        from referrals.attachments import sweep  # noqa: F401

        outbox.register()
        people.register()
