from django.apps import AppConfig


class ReferralsConfig(AppConfig):
    name = "referrals"
    verbose_name = "Referrals"

    def ready(self) -> None:
        """What `manage.py rotate_keys` has to know of is told when the process begins."""
        from referrals.attachments import sweep  # noqa: F401
