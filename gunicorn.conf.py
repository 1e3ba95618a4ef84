"""How gunicorn serves the site, whoever starts it in this folder; what stands on its command line goes before."""

import subprocess
import sys

from environ import Env

worker_class = "config.server.Worker"
logger_class = "config.server.Log"
threads = 16  # that take requests in; `config.receiving.TURNS` of them work on one at a time


def on_starting(_: object) -> None:
    """A site that refuses to be served says why once, before there are workers that would each say it.

    Asked in a process of its own: what is imported here would stay as it is when workers are told to start anew. Not
    of a demonstration, which nothing refuses.
    """
    if Env().bool("FRONT_DOOR_DEMO", True):
        return
    refused = subprocess.run([sys.executable, "-c", "import config.wsgi"], check=False).returncode
    if refused:
        sys.exit(refused)
