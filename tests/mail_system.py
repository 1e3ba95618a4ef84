"""A mail system by SMTP, for tests and benches: it keeps what it took by Message-ID, and can't be asked."""

from __future__ import annotations

import contextlib
import re
import socketserver
import ssl
import threading
from collections import Counter
from collections.abc import Callable
from typing import Any

OUR_ID = re.compile(r"^Message-ID: <([0-9a-f-]{36})@front-door>", re.IGNORECASE | re.MULTILINE)
POINTS = ("recipient", "data", "taken", "answered")
"""Where `at` is called: an address is named; the text is asked for; the email is kept; the yes to it is said."""


class MailSystem:
    """Listens on a port of its own until `stop`. What it took is never forgotten, whoever breaks off."""

    def __init__(self, at: Callable[[str], None] = lambda point: None, context: ssl.SSLContext | None = None) -> None:
        self.taken: Counter[str] = Counter()
        self.messages: list[str] = []
        self.said: list[str] = []
        self.refuses: dict[str, str] = {}
        self.answer = "250 taken"
        self.at, self.context, self.lock = at, context, threading.Lock()
        own = self

        class Handler(Conversation):
            system = own

        class Server(socketserver.ThreadingTCPServer):
            daemon_threads = True

            def handle_error(self, *args: Any) -> None:
                """Who talked was killed: nothing to tell."""

        self.server = Server(("127.0.0.1", 0), Handler)
        self.port = int(self.server.server_address[1])
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def stop(self) -> None:
        self.server.shutdown()
        self.server.server_close()

    def take(self, message: str) -> None:
        reference = OUR_ID.search(message)
        with self.lock:
            self.taken[reference[1] if reference else "without an id"] += 1
            self.messages.append(message)


class Conversation(socketserver.StreamRequestHandler):
    system: MailSystem

    def say(self, line: str) -> None:
        with contextlib.suppress(OSError):
            self.wfile.write(line.encode() + b"\r\n")

    def handle(self) -> None:
        self.say("220 double")
        while line := self.rfile.readline():
            verb, words = line[:4].upper().strip(), line.decode().strip()
            self.system.said.append(words)
            if verb == b"DATA":
                self.system.at("data")
                self.say("354 go on")
                self.message()
            elif verb == b"RCPT":
                self.system.at("recipient")
                self.say(next((code for name, code in self.system.refuses.items() if name in words), "250 ok"))
            elif verb == b"STAR" and self.system.context:
                self.say("220 go on")
                self.request = self.system.context.wrap_socket(self.request, server_side=True)
                self.rfile, self.wfile = self.request.makefile("rb"), self.request.makefile("wb", buffering=0)
            elif verb == b"EHLO" and self.system.context:
                self.say("250-double\r\n250-STARTTLS\r\n250 AUTH PLAIN")
            elif verb == b"AUTH":
                self.say("235 welcome")
            else:
                self.say("221 bye" if verb == b"QUIT" else "250 ok")

    def message(self) -> None:
        lines = []
        while (line := self.rfile.readline()) != b".\r\n":
            if not line:
                return  # broken off before its last dot: nothing was taken
            lines.append(line.removeprefix(b".") if line.startswith(b"..") else line)
        if self.system.answer.startswith("250"):
            self.system.take(b"".join(lines).decode())
            self.system.at("taken")
        self.say(self.system.answer)
        self.system.at("answered")
