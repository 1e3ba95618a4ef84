from django.apps import AppConfig, apps
from django.db.backends.signals import connection_created
from django.db.models.signals import post_migrate, pre_migrate


class PartnershipsConfig(AppConfig):
    name = "partnerships"
    verbose_name = "Partnerships"

    def ready(self) -> None:
        from partnerships import account_events, checks, mfa, row_security  # noqa: F401  each registers itself

        connection_created.connect(row_security.on_connection)
        pre_migrate.connect(row_security.before_migrations, sender=self)
        post_migrate.connect(row_security.after_migrations, sender=apps.get_app_config("referrals"))
