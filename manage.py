#!/usr/bin/env python
"""Front Door's command line: `manage.py help` lists the commands."""

import os
import sys


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    if sys.argv[1:] == ["rotate_keys", "--new-key"]:  # before the very first key, when there are no settings yet
        from cryptography.fernet import Fernet

        sys.stdout.write(Fernet.generate_key().decode() + "\n")
        return
    from django.core.exceptions import ImproperlyConfigured
    from django.core.management import execute_from_command_line
    from django.db import OperationalError

    try:
        execute_from_command_line(sys.argv)
    except ImproperlyConfigured as error:
        sys.exit(f"Settings: {error}")
    except OperationalError as error:
        sys.exit(f"The database can't be reached: {str(error).strip().splitlines()[0]}")
    except Exception as error:  # its words may be a child's: PostgreSQL prints the row that broke a rule
        from partnerships.logs import failed

        sys.exit(failed(" ".join(sys.argv[1:2]), error))


if __name__ == "__main__":
    main()
