"""Documents before ClamAV itself, with a signature of our own for the harmless test file: no download, no toy.

Skipped where no `clamd` is (`bin/setup --with-browser` installs it where it may). Every other trouble of a scanner's is
in test_attachments.py.
"""

from __future__ import annotations

import datetime as dt
import gzip
import io
import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pikepdf
import pytest
from django.test import Client
from django_scopes import scope

from partnerships.permissions import Role
from referrals.attachments.sweep import scan_waiting
from referrals.models import Referral
from tests import hostile_files
from tests.factories import NOW, World, make_world
from tests.integration.referrals.test_attachments import begin, kept, signed_in, states, upload

pytestmark = pytest.mark.django_db
CLAMD = shutil.which("clamd") or next((str(each) for each in (Path("/usr/sbin/clamd"),) if each.exists()), "")
LATER = NOW + dt.timedelta(days=3650)


@pytest.fixture(scope="module")
def scanner(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, subprocess.Popen]]:
    """A running clamd that knows one signature and takes a megabyte: its address, and the process."""
    if not CLAMD:
        pytest.skip("needs ClamAV's own scanner, clamd (bin/setup --with-browser installs it where it may)")
    folder = tmp_path_factory.mktemp("clamav")
    (folder / "db").mkdir()
    (folder / "db" / "door.ndb").write_text(f"Door.Eicar:0:*:{hostile_files.EICAR.hex()}\n")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    told = {
        "Foreground": "yes",
        "DatabaseDirectory": folder / "db",
        "TemporaryDirectory": folder,
        "TCPSocket": port,
        "TCPAddr": "127.0.0.1",
        "StreamMaxLength": "1M",
        "AlertExceedsMax": "yes",
        "AlertEncrypted": "yes",
    }
    (folder / "clamd.conf").write_text("".join(f"{name} {value}\n" for name, value in told.items()))
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen([CLAMD, "-c", str(folder / "clamd.conf")], stdout=log, stderr=log)
    end = time.monotonic() + 60
    while time.monotonic() < end and process.poll() is None:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                break
        time.sleep(0.2)
    else:
        pytest.fail(f"clamd does not start: {(folder / 'log').read_text()[-300:]}")
    yield f"tcp://127.0.0.1:{port}", process
    process.terminate()
    process.wait(20)


@pytest.fixture
def world(settings: Any, tmp_path: Path, scanner: tuple[str, subprocess.Popen]) -> World:
    settings.ATTACHMENTS_DIR = tmp_path / "attachments"
    settings.CLAMAV_URL, settings.CLAMAV_SECONDS, settings.CLAMAV_MAX_MB = scanner[0], 10, 25
    return make_world()


@pytest.fixture
def practitioner(world: World) -> Client:
    return signed_in(world.person(Role.PRACTITIONER))


def locked_pdf() -> bytes:

    out = io.BytesIO()
    made = pikepdf.new()
    made.add_blank_page()
    made.save(out, encryption=pikepdf.Encryption(owner="owner", user="user"))
    return out.getvalue()


def test_clamav_itself_finds_what_is_hidden_and_never_calls_clean_what_it_could_not_read(
    world: World, practitioner: Client, scanner: tuple[str, subprocess.Popen], capsys: pytest.CaptureFixture[str]
) -> None:
    evil = hostile_files.EICAR
    wanted = {
        "plan.pdf": (hostile_files.pdf(), "clean"),
        "plan.docx": (hostile_files.docx(), "clean"),
        "arm.heic": (hostile_files.heic(), "clean"),
        "photo.jpg": (hostile_files.image(), "clean"),
        "mail.eml": (hostile_files.eml(hostile_files.pdf(), "plan.pdf"), "clean"),
        "evil.pdf": (hostile_files.pdf(evil), "suspect"),
        "evil.docx": (hostile_files.docx({"word/media/picture.wmf": b"<a/>" + evil}), "suspect"),
        "nested.docx": (hostile_files.docx({"word/media/picture.emz": gzip.compress(evil)}), "suspect"),
        "evil.eml": (hostile_files.eml(hostile_files.pdf(evil), "plan.pdf"), "suspect"),
        "inner.eml": (
            hostile_files.eml(nested=hostile_files.message(hostile_files.pdf(evil), "plan.pdf")),
            "suspect",
        ),
        "locked.pdf": (locked_pdf(), "pending"),
        "large.pdf": (hostile_files.pdf(os.urandom(2_000_000)), "pending"),
    }
    draft = begin(practitioner)
    for name, (content, _) in wanted.items():
        assert upload(practitioner, draft, (name, content)).status_code == 302, name
    scan_waiting(at=LATER)
    assert states(world) == {name: state for name, (_, state) in wanted.items()}
    assert practitioner.post(f"{draft}send/").status_code == 302
    with scope(partnership=world.partnership):
        referral = Referral.objects.get()
    screener = signed_in(world.person(Role.SCREENER))
    for row in kept(world):
        answer = screener.get(f"/testshire/triage/{referral.pk}/files/{row.pk}/?anyway=yes")
        assert (answer.status_code == 200) == (row.state != "suspect"), row.name
    with capsys.disabled():
        print(f"\nClamAV itself: {len(wanted)} documents, {sum(s == 'suspect' for _, s in wanted.values())} suspect")


def test_clamav_killed_in_the_middle_leaves_everything_being_checked_and_the_referral_sent(
    world: World, practitioner: Client, scanner: tuple[str, subprocess.Popen]
) -> None:
    scanner[1].kill()
    scanner[1].wait()
    draft = begin(practitioner)
    upload(practitioner, draft, ("plan.pdf", hostile_files.pdf()), ("evil.pdf", hostile_files.pdf(hostile_files.EICAR)))
    assert scan_waiting(at=LATER) == 0
    assert set(states(world).values()) == {"pending"}
    assert practitioner.post(f"{draft}send/").status_code == 302
