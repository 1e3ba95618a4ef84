"""What nobody's browser sends, straight to the real server's port."""

from __future__ import annotations

import contextlib
import http.client
import re
import socket
from dataclasses import dataclass, field
from urllib.parse import urlencode, urlsplit

JSON = "application/json"
FORM = "application/x-www-form-urlencoded"
SHUT = 0
"""In place of a status, where only the door was shut."""


@dataclass
class Wire:
    """One client without a browser, by the portal's address; keeps its cookies."""

    address: str
    cookies: dict[str, str] = field(default_factory=dict)

    @property
    def place(self) -> tuple[str, int]:
        told = urlsplit(self.address)
        return str(told.hostname), int(told.port or 80)

    def raw(self, *lines: str, body: bytes = b"") -> int:
        """The status that these lines of a head are answered with; `SHUT` where only the door is shut."""
        head = "\r\n".join([*lines, "Connection: close", "", ""]).encode("latin-1")
        with socket.create_connection(self.place, timeout=20) as there:
            answer = b""
            try:
                there.sendall(head + body)
                while b"\r\n" not in answer and (got := there.recv(4096)):
                    answer += got
            except OSError:  # shut before all of it was sent: what came before that counts
                pass
        found = re.match(rb"HTTP/1\.[01] (\d{3})", answer)
        return int(found[1]) if found else SHUT

    def ask(self, method: str, path: str, body: bytes = b"", kind: str = FORM) -> tuple[int, str]:
        connection = http.client.HTTPConnection(*self.place, timeout=60)
        cookies = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        headers = {"Cookie": cookies, "Content-Type": kind, "X-CSRFToken": self.cookies.get("csrftoken", "")}
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):  # it may answer before it has read all of it
            connection.request(method, path, body=body, headers=headers)
        try:
            answer = connection.getresponse()
            page = answer.read().decode("utf-8", "replace")
        except (http.client.HTTPException, OSError):
            return SHUT, ""
        for each in answer.headers.get_all("Set-Cookie") or []:
            name, _, value = each.partition(";")[0].partition("=")
            self.cookies[name] = value
        connection.close()
        return answer.status, page

    def sign_in(self, email: str, password: str) -> None:
        self.ask("GET", "/accounts/login/")
        status, _ = self.ask("POST", "/accounts/login/", urlencode({"login": email, "password": password}).encode())
        assert status == 302
