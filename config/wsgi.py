"""The site as gunicorn serves it."""

import os
import sys

from django.core.exceptions import ImproperlyConfigured
from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
application = get_wsgi_application()

from partnerships.checks import refuse_without_the_second_wall  # noqa: E402  once Django is set up

try:
    refuse_without_the_second_wall()
except ImproperlyConfigured as error:
    sys.stderr.write(f"Settings: {error}\n")
    sys.exit(4)  # gunicorn's own word for an application that can't be loaded: its master stops, and starts no other
