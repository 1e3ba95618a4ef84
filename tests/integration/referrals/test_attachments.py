"""Documents over the wire: what is taken, who has it, how it leaves, and what is true after a crash."""

from __future__ import annotations

import datetime as dt
import io
import os
import re
import resource
import socket
import struct
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from cryptography.fernet import Fernet
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import call_command
from django.test import Client
from django_scopes import scope
from PIL import Image

from partnerships.models import AuditEntry
from partnerships.permissions import Permission, Role
from referrals.attachments import actions, store
from referrals.attachments.sweep import scan_waiting, tidy
from referrals.attachments.uploading import MOST_AT_ONCE
from referrals.models import Attachment, Draft, Referral
from tests import hostile_files
from tests.factories import NOW, World, make_person, make_referral, make_world

pytestmark = pytest.mark.django_db
READ_THE_MASHS = {role for role in Role if Permission.REFERRAL_READ in role.permissions} - {Role.EARLY_HELP}
"""Who reads what is in the MASH's queue; early help is walled off."""


@pytest.fixture(autouse=True)
def a_folder_of_its_own(settings: Any, tmp_path: Path) -> None:
    settings.ATTACHMENTS_DIR = tmp_path / "attachments"


@pytest.fixture
def practitioner(world: World) -> Client:
    return signed_in(world.person(Role.PRACTITIONER))


def signed_in(user: Any) -> Client:
    client = Client()
    client.force_login(user)
    return client


def begin(client: Client) -> str:
    draft = client.post("/testshire/refer/start/")["Location"]
    client.post(f"{draft}worry/", {"happened": "A bruise.", "seen": seen(client, f"{draft}worry/")})
    return draft


def seen(client: Client, address: str) -> str:
    """The mark of what was stored when the page was shown, as a browser sends it back."""
    return re.search(rb'name="seen" value="([^"]*)"', client.get(address).content)[1].decode()


def upload(client: Client, draft: str, *files: tuple[str, bytes], field: str = "file-gcp", **more: str) -> Any:
    sent = [SimpleUploadedFile(name, content) for name, content in files]
    mark = seen(client, f"{draft}attach/")
    return client.post(f"{draft}attach/", {field: sent, "upload": "1", "seen": mark, **more})


def kept(world: World) -> list[Attachment]:
    with scope(partnership=world.partnership):
        return list(Attachment.objects.there())


def sealed_files() -> list[Path]:
    from django.conf import settings

    return sorted(Path(settings.ATTACHMENTS_DIR).glob("??/*"))


def test_what_the_scheme_asks_for_is_asked_for_by_name_and_goes_with_the_referral(
    world: World, practitioner: Client
) -> None:
    draft = begin(practitioner)
    page = practitioner.get(f"{draft}attach/").content.decode()
    asked = [each["name"] for each in world_evidence(world)]
    assert asked and all(name in page for name in asked) and "Another document" in page
    slug = world_evidence(world)[0]["slug"]
    good = hostile_files.good()
    for name, content, _ in good:
        assert upload(practitioner, draft, (name, content), field=f"file-{slug}").status_code == 302
    rows = kept(world)
    assert [row.ending for row in rows] == [ending for _, _, ending in good]
    assert {row.asked_for for row in rows} == {slug} and {row.state for row in rows} == {"not_scanned"}
    shown = practitioner.get(f"{draft}attach/").content.decode()
    assert "called a PDF.pdf" in shown and "Not checked for viruses" in shown and "../" not in shown.split("<main")[1]
    assert "plan.docx" in practitioner.get(f"{draft}check/").content.decode()
    for path in sealed_files():
        assert path.stat().st_mode & 0o077 == 0 and b"%PDF" not in path.read_bytes() and "." not in path.name
    practitioner.post(f"{draft}send/")
    with scope(partnership=world.partnership):
        referral = Referral.objects.get()
        assert referral.attachments.count() == len(good)
    for who, address in ((Role.PRACTITIONER, "referrals"), (Role.SCREENER, "triage")):
        client = signed_in(world.person(who))
        told = client.get(f"/testshire/{address}/{referral.pk}/").content.decode()
        assert "plan.docx" in told and f"/{address}/{referral.pk}/files/" in told


def world_evidence(world: World) -> list[dict[str, Any]]:
    from thresholds.loading import load

    return [{"slug": each.slug, "name": each.name} for each in load(world.version).evidence]


def test_every_hostile_file_is_refused_with_its_reason_and_the_referral_goes_all_the_same(
    world: World, practitioner: Client, capsys: pytest.CaptureFixture[str]
) -> None:
    draft = begin(practitioner)
    corpus = hostile_files.hostile()
    for start in range(0, len(corpus), 10):
        part = corpus[start : start + 10]
        answer = upload(
            practitioner, draft, *((name, content) for name, content, _ in part), where="The school has more."
        )
        body = answer.content.decode()
        assert answer.status_code == 422 and "There is a problem" in body and "The school has more." in body
        for name, _, why in part:
            assert why in body, name
    assert kept(world) == [] and sealed_files() == []
    answer = upload(practitioner, draft, ("bad.exe", hostile_files.EXE), ("good.pdf", hostile_files.pdf()))
    assert answer.status_code == 422 and [row.name for row in kept(world)] == ["good.pdf"], "the rest is kept"
    assert practitioner.post(f"{draft}send/").status_code == 302
    with scope(partnership=world.partnership):
        assert Referral.objects.get().attachments.count() == 1
    with capsys.disabled():
        print(f"\n{len(corpus)} hostile files refused with a reason, none kept; the referral was sent")


def test_script_adds_one_and_is_answered_with_the_list(world: World, practitioner: Client) -> None:
    draft = begin(practitioner)
    sent = {"file-other": SimpleUploadedFile("plan.pdf", hostile_files.pdf())}
    answer = practitioner.post(f"{draft}attach/files/", sent)
    assert answer.status_code == 200 and b"data-files" in answer.content and b"plan.pdf" in answer.content
    again = practitioner.post(f"{draft}attach/files/", {"file-other": SimpleUploadedFile("a.pdf", hostile_files.pdf())})
    assert again.status_code == 200 and len(kept(world)) == 1, "the same twice is kept once"
    wrong = practitioner.post(f"{draft}attach/files/", {"file-other": SimpleUploadedFile("a.exe", hostile_files.EXE)})
    assert wrong.status_code == 422 and b"is a program" in wrong.content


def test_two_hundred_megabytes_get_a_clear_answer_and_no_memory(
    world: World, practitioner: Client, settings: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    class Endless(io.RawIOBase):
        """A body made while it is read, so that the test itself holds none of it."""

        def __init__(self, head: bytes, size: int, tail: bytes) -> None:
            self.parts, self.left, self.tail = head, size, tail

        def readable(self) -> bool:
            return True

        def read(self, size: int = -1) -> bytes:  # type: ignore[override]
            if self.parts:
                given, self.parts = self.parts[:size], self.parts[size:]
                return given
            if self.left:
                given = b"x" * min(size, self.left)
                self.left -= len(given)
                return given
            given, self.tail = self.tail[:size], self.tail[size:]
            return given

    draft = begin(practitioner)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    head = b'--x\r\nContent-Disposition: form-data; name="file-other"; filename="film.pdf"\r\n\r\n%PDF-'
    tail = b'\r\n--x\r\nContent-Disposition: form-data; name="file-other"; filename="plan.pdf"\r\n\r\n'
    tail += hostile_files.pdf() + b"\r\n--x--\r\n"
    size = 200 * 1024 * 1024
    answer = practitioner.generic(
        "POST",
        f"{draft}attach/",
        b"",
        **{
            "CONTENT_TYPE": "multipart/form-data; boundary=x",
            "CONTENT_LENGTH": str(len(head) + size + len(tail)),
            "wsgi.input": Endless(head, size, tail),
        },
    )
    grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
    assert answer.status_code == 422 and "“film.pdf” is 200 MB, which is too large" in answer.content.decode()
    assert [row.name for row in kept(world)] == ["plan.pdf"], "what stood beside it is kept"
    assert grown < 60
    with capsys.disabled():
        print(f"\n200 MB sent: answered 422, {grown:.0f} MB more memory at most, the file beside it kept")


def test_a_file_with_no_name_is_not_dropped_in_silence(world: World, practitioner: Client) -> None:
    draft = begin(practitioner)
    for name in (b'; filename=""', b'; filename="\x01"', b""):
        body = b'--x\r\nContent-Disposition: form-data; name="where"\r\n\r\nAt school\r\n'
        body += b'--x\r\nContent-Disposition: form-data; name="file-other"' + name
        body += b"\r\nContent-Type: application/pdf\r\n\r\n" + hostile_files.pdf(b"% filled" * 900) + b"\r\n--x--\r\n"
        answer = practitioner.post(f"{draft}attach/", body, content_type="multipart/form-data; boundary=x")
        told = answer.content.decode()
        if name:
            assert answer.status_code == 422 and "A file without a name could not be taken" in told
            assert "At school" in told
        assert answer.status_code < 500
    nothing = b'--x\r\nContent-Disposition: form-data; name="file-other"; filename=""\r\n\r\n\r\n--x\r\n'
    mark = seen(practitioner, f"{draft}attach/").encode()
    nothing += b'Content-Disposition: form-data; name="seen"\r\n\r\n' + mark + b"\r\n--x--\r\n"
    answer = practitioner.post(f"{draft}attach/", nothing, content_type="multipart/form-data; boundary=x")
    assert answer.status_code == 302, "no file chosen is no mistake"


def test_long_words_in_any_script_are_no_file_without_a_name(world: World, practitioner: Client) -> None:
    draft = begin(practitioner)
    for words in ("She said “no”. " * 300, "שלום " * 900, "👩‍👩‍👧‍👦" * 300, "a\r\n" * 1200):
        answer = upload(practitioner, draft, where=words)
        assert answer.status_code == 302, answer.content[:3000]
    assert not kept(world)


def test_a_refused_file_and_a_wrong_answer_are_both_in_the_summary(world: World, practitioner: Client) -> None:
    draft = begin(practitioner)
    answer = upload(practitioner, draft, ("x.exe", hostile_files.EXE), where="x" * 6000)
    summary = re.search(r'govuk-error-summary__list">(.*?)</ul>', answer.content.decode(), re.S)[1]
    assert summary.count("<li>") == 2 and "is a program" in summary
    assert "Shorten your answer to “Where can they be had?”" in summary
    assert 'href="#id_where"' in summary


def test_number_and_size_are_limited_and_say_so(world: World, practitioner: Client, settings: Any) -> None:
    settings.ATTACHMENTS_MOST = 2
    draft = begin(practitioner)
    files = [(f"{n}.pdf", hostile_files.pdf(str(n).encode())) for n in range(3)]
    answer = upload(practitioner, draft, *files)
    assert answer.status_code == 422 and "“2.pdf” is one too many: 2 documents" in answer.content.decode()
    settings.ATTACHMENTS_MOST, settings.ATTACHMENTS_MAX_MB = 20, 0
    answer = upload(practitioner, draft, ("9.pdf", hostile_files.pdf(b"9")))
    assert "would bring the documents above" in answer.content.decode() and len(kept(world)) == 2


def test_a_folder_of_photographs_at_once_loses_no_word_and_each_is_told_of(practitioner: Client) -> None:
    """More than are told of by name are counted; what was written with them is sent all the same."""
    draft = begin(practitioner)
    files = [SimpleUploadedFile(f"{n}.pdf", hostile_files.pdf(b"%% %d" % n)) for n in range(MOST_AT_ONCE + 7)]
    told = {"file-other": files, "attached": "By post", "upload": "1", "seen": seen(practitioner, f"{draft}attach/")}
    page = practitioner.post(f"{draft}attach/", told).content.decode()
    assert "“7 more files” came with the others" in page and page.count("is one too many") == 2 * (MOST_AT_ONCE - 20)


def test_who_may_have_it(world: World, practitioner: Client) -> None:
    other = make_world("othershire")
    draft = begin(practitioner)
    upload(practitioner, draft, ("plan.pdf", hostile_files.pdf()))
    row = kept(world)[0]
    in_draft = f"{draft}attach/files/{row.pk}/"
    colleague = make_person(world, Role.PRACTITIONER, agency=world.school)
    everybody = {role: world.person(role) for role in Role} | {"colleague": colleague}
    foreign = {f"foreign {role}": other.person(role) for role in Role}
    for who, user in {**everybody, **foreign}.items():
        status = signed_in(user).get(in_draft).status_code
        assert status == (200 if who is Role.PRACTITIONER else 404), who
    assert Client().get(in_draft).status_code == 302
    practitioner.post(f"{draft}send/")
    with scope(partnership=world.partnership):
        referral = Referral.objects.get()
        Referral.objects.filter(pk=referral.pk).update(team=world.mash, went_through_mash=True)
    mine, theirs = (f"/testshire/{part}/{referral.pk}/files/{row.pk}/" for part in ("referrals", "triage"))
    may = {mine: {Role.PRACTITIONER, Role.SAFEGUARDING_LEAD}, theirs: READ_THE_MASHS}
    for address, who_may in may.items():
        for who, user in {**everybody, **foreign}.items():
            assert signed_in(user).get(address).status_code == (200 if who in who_may else 404), (who, address)
    another = make_referral(world)
    assert practitioner.get(f"/testshire/referrals/{another.pk}/files/{row.pk}/").status_code == 404
    assert practitioner.post(f"{in_draft}remove/").status_code == 302
    assert len(kept(world)) == 1, "what was sent stays as it was sent"
    assert AuditEntry.objects.filter(verb="attachment.downloaded", object_id=str(row.pk)).count() == 3 + len(
        READ_THE_MASHS
    )


def test_it_leaves_as_a_download_that_nothing_runs_in(world: World, practitioner: Client) -> None:
    draft = begin(practitioner)
    upload(practitioner, draft, ("Robin Marlow at home.jpg", hostile_files.photo_with_a_place()))
    answer = practitioner.get(f"{draft}attach/files/{kept(world)[0].pk}/")
    assert answer["Content-Disposition"].startswith('attachment; filename="draft-') and "Robin" not in str(
        answer.headers
    )
    assert answer["Content-Security-Policy"].startswith("sandbox; default-src 'none'")
    assert answer["X-Content-Type-Options"] == "nosniff" and answer["Cache-Control"] == "no-store, private"
    with Image.open(io.BytesIO(answer.content)) as picture:
        assert not dict(picture.getexif())
    assert b"Canary" not in answer.content


def test_taken_out_again_and_its_file_with_it(
    world: World, practitioner: Client, django_capture_on_commit_callbacks: Any
) -> None:
    draft = begin(practitioner)
    upload(practitioner, draft, ("plan.pdf", hostile_files.pdf()))
    address = f"{draft}attach/files/{kept(world)[0].pk}/"
    assert b"Do you want to remove" in practitioner.get(f"{address}remove/").content
    with django_capture_on_commit_callbacks(execute=True):
        assert practitioner.post(f"{address}remove/").status_code == 302
    assert kept(world) == [] and sealed_files() == [] and practitioner.get(address).status_code == 404


class Clamd(threading.Thread):
    """A scanner that speaks ClamAV's INSTREAM and finds the harmless test signature; `limit` as its StreamMaxLength."""

    def __init__(self, limit: int = 10_000_000, says: str = "") -> None:
        super().__init__(daemon=True)
        self.limit, self.says, self.asked = limit, says, 0
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.url = f"tcp://127.0.0.1:{self.socket.getsockname()[1]}"
        self.start()

    def run(self) -> None:
        while True:
            try:
                connection, _ = self.socket.accept()
            except OSError:
                return
            with connection, connection.makefile("rb") as told:
                self.asked += 1
                told.readline()
                body = b""
                while size := struct.unpack("!L", told.read(4))[0]:
                    body += told.read(size)
                    if len(body) > self.limit:
                        break
                if len(body) > self.limit:
                    connection.sendall(b"INSTREAM size limit exceeded. ERROR\n")
                elif self.says:
                    connection.sendall(self.says.encode() + b"\n")
                else:
                    found = hostile_files.EICAR in body
                    connection.sendall(b"stream: Eicar-Test-Signature FOUND\n" if found else b"stream: OK\n")

    def stop(self) -> None:
        self.socket.close()


@pytest.fixture
def clamd(settings: Any) -> Iterator[Clamd]:
    scanner = Clamd()
    settings.CLAMAV_URL, settings.CLAMAV_SECONDS = scanner.url, 3
    yield scanner
    scanner.stop()


def states(world: World) -> dict[str, str]:
    return {row.name: row.state for row in kept(world)}


def test_clean_and_suspect_are_told_and_what_is_suspect_is_had_by_nobody(
    world: World, practitioner: Client, clamd: Clamd
) -> None:
    draft = begin(practitioner)
    upload(practitioner, draft, ("plan.pdf", hostile_files.pdf()), ("evil.pdf", hostile_files.pdf(hostile_files.EICAR)))
    assert states(world) == {"plan.pdf": "pending", "evil.pdf": "pending"}
    plan = f"{draft}attach/files/{kept(world)[0].pk}/"
    held = practitioner.get(plan)
    assert b"still being checked" in held.content and "Content-Disposition" not in held.headers
    assert practitioner.get(f"{plan}?anyway=yes")["Content-Disposition"].startswith("attachment")
    now = NOW + dt.timedelta(days=3650)
    assert scan_waiting(at=now) == 2 and scan_waiting(at=now) == 0 and clamd.asked == 2
    assert states(world) == {"plan.pdf": "clean", "evil.pdf": "suspect"}
    practitioner.post(f"{draft}send/")
    with scope(partnership=world.partnership):
        referral = Referral.objects.get()
    screener = signed_in(world.person(Role.SCREENER))
    page = screener.get(f"/testshire/triage/{referral.pk}/").content.decode()
    assert "Checked for viruses" in page and "Held back: may carry a virus" in page
    for row in kept(world):
        for client, part in ((screener, "triage"), (practitioner, "referrals")):
            for tail in ("", "?anyway=yes"):
                answer = client.get(f"/testshire/{part}/{referral.pk}/files/{row.pk}/{tail}")
                assert (answer.status_code == 200) == (row.state == "clean")
                assert hostile_files.EICAR not in answer.content
    assert AuditEntry.objects.filter(verb="attachment.suspect", by=None).count() == 1


@pytest.mark.parametrize(
    "trouble", ["away", "above its stream limit", "above our limit", "exceeds", "encrypted", "error", "nonsense"]
)
def test_what_the_scanner_did_not_look_at_whole_is_never_called_clean(
    world: World, practitioner: Client, settings: Any, trouble: str
) -> None:
    says = {
        "exceeds": "stream: Heuristics.Limits.Exceeded.MaxFileSize FOUND",
        "encrypted": "stream: Heuristics.Encrypted.PDF FOUND",
        "error": "stream: lstat() failed ERROR",
        "nonsense": "what?",
    }.get(trouble, "")
    scanner = Clamd(limit=100 if trouble == "above its stream limit" else 10_000_000, says=says)
    settings.CLAMAV_URL, settings.CLAMAV_SECONDS = scanner.url, 3
    settings.CLAMAV_MAX_MB = 0 if trouble == "above our limit" else 25
    if trouble == "away":
        scanner.stop()
        settings.CLAMAV_URL = "tcp://127.0.0.1:9"
    draft = begin(practitioner)
    upload(practitioner, draft, ("plan.pdf", hostile_files.pdf(os.urandom(5000))))
    at = NOW + dt.timedelta(days=3650)
    for _ in range(3):
        assert scan_waiting(at=at) == 0
        at += dt.timedelta(hours=2)
    assert states(world) == {"plan.pdf": "pending"}
    assert practitioner.post(f"{draft}send/").status_code == 302, "the referral goes all the same"
    with scope(partnership=world.partnership):
        assert Referral.objects.get().attachments.get().scans == 3
    scanner.stop()


def test_after_any_crash_files_and_rows_agree(world: World, practitioner: Client, monkeypatch: Any) -> None:
    draft = begin(practitioner)
    upload(practitioner, draft, ("plan.pdf", hostile_files.pdf()))
    with scope(partnership=world.partnership):
        row_of = Draft.objects.get()

    def dies(*args: Any, **kwargs: Any) -> None:
        raise KeyboardInterrupt

    sent = [actions.Sent("Another document", "x.pdf", io.BytesIO(hostile_files.pdf(b"x")), 60)]
    for where in ("partnerships.audit.record", "referrals.attachments.store.write"):
        with monkeypatch.context() as patched:
            patched.setattr(where, dies)
            with pytest.raises(KeyboardInterrupt), scope(partnership=world.partnership):
                actions.attach(draft=row_of, files=sent, by=row_of.started_by, at=NOW)
        sent[0].file.seek(0)
    with monkeypatch.context() as patched:  # the process dies after the file, before the row, and tidies nothing up
        patched.setattr(store, "discard", lambda name: False)
        patched.setattr("partnerships.audit.record", dies)
        with pytest.raises(KeyboardInterrupt), scope(partnership=world.partnership):
            actions.attach(draft=row_of, files=sent, by=row_of.started_by, at=NOW)
    assert len(kept(world)) == 1 and len(sealed_files()) == 2
    half = store.place("0" * 32).with_suffix(".half")
    half.parent.mkdir(exist_ok=True)
    half.write_bytes(b"half")
    now = dt.datetime.now(dt.UTC)
    assert tidy(at=now).taken_away == 0, "what is young may be being written"
    done = tidy(at=now + dt.timedelta(hours=2))
    assert (done.taken_away, done.missing) == (2, 0)
    assert [path.name for path in sealed_files()] == [kept(world)[0].stored_as]
    sealed_files()[0].unlink()
    assert tidy(at=now).missing == 1
    answer = practitioner.get(f"{draft}attach/files/{kept(world)[0].pk}/")
    assert answer.status_code == 409 and b"can\xe2\x80\x99t be opened" in answer.content


def test_a_full_disk_is_said_and_loses_nothing_else(world: World, practitioner: Client, monkeypatch: Any) -> None:
    draft = begin(practitioner)

    def full(*args: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(store, "write", full)
    answer = upload(practitioner, draft, ("plan.pdf", hostile_files.pdf()), where="The school")
    assert answer.status_code == 422 and "could not be kept just now" in answer.content.decode()
    assert practitioner.post(f"{draft}send/").status_code == 302


def test_keys_rotate_with_the_files(world: World, practitioner: Client, settings: Any, capsys: Any) -> None:
    draft = begin(practitioner)
    upload(practitioner, draft, ("plan.pdf", hostile_files.pdf()))
    old, new = list(settings.ENCRYPTION_KEYS), Fernet.generate_key().decode()
    settings.ENCRYPTION_KEYS = [new, *old]
    call_command("rotate_keys")
    assert "attachments: 1 sealed anew" in capsys.readouterr().out
    settings.ENCRYPTION_KEYS = [new]
    assert store.read(kept(world)[0].stored_as) == hostile_files.pdf()
