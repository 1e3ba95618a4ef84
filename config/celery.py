"""The Celery application. It only nudges: what is due, and what is to be told, stands in the database."""

import os

from celery import Celery
from kombu.transport import TRANSPORT_ALIASES

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
TRANSPORT_ALIASES["filesystem"] = "config.broker:Transport"
TRANSPORT_ALIASES["redis"] = "config.broker:RedisTransport"

app = Celery("front-door")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
