from typing import Any

from django.core.management.base import BaseCommand

from partnerships.permissions import Permission, Role


class Command(BaseCommand):
    help = "Print who may do what, as docs/permissions.md holds it."

    def handle(self, *args: Any, **options: Any) -> None:
        self.stdout.write(table())


def table() -> str:
    """The permission table as Markdown: a row an action, a column a role."""
    lines = ["# Who may do what", "", "Printed by `manage.py permissions` from `partnerships/permissions.py`.", ""]
    lines += [f"- **{role.label}**: {role.description}" for role in Role] + [""]
    lines += ["| action | " + " | ".join(role.label for role in Role) + " |", "|---|" + "---|" * len(Role)]
    for permission in Permission:
        marks = " | ".join("yes" if permission in role.permissions else "" for role in Role)
        lines.append(f"| {permission.value} | {marks} |")
    return "\n".join(lines)
