"""Kills worker, beat, broker and database at every step of a referral, and counts.

    python -m bench.kills 100                    # a hundred kills, deliveries to GOV.UK Notify's double
    python -m bench.kills 25 --first 50 --seed 3 # rounds 50 to 74 of them, at other random moments
    python -m bench.kills 100 --post smtp        # deliveries to a mail system of our own instead
    python -m bench.kills 100 --post smtp --aim  # each kill where an email is being handed over, not at any moment
    python -m bench.kills 16 --post smtp --aim --postman    # the postman killed in the worker's place

Each round sends a referral, acknowledges it, decides it and writes its letter. In one of the four steps one of the four
processes gets `kill -9`, with its children, is started again, and whoever was at work tries again, as a person does.
Deliveries go to a provider of our own that answers as GOV.UK Notify does, so that the real client asks it, or to a mail
system by SMTP, which can't be asked: there the worker's postman, who is nobody's child, outlives the worker. At the end
every notice must have gone out, and none twice. What was in doubt is told; so are the counts, however the run ends.
PostgreSQL, Redis and everything else are started here, in a folder that goes again.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import random
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from tests.mail_system import POINTS, MailSystem

ROOT = Path(__file__).resolve().parent.parent
STEPS = ("submit", "acknowledge", "decide", "letter")
TARGETS = ("worker", "beat", "broker", "database")
PATIENCE = 240
OPENED = re.compile(r" opened (\d+) ")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Provider(BaseHTTPRequestHandler):
    """Takes notifications by reference and says which it has. It keeps what it took through every kill."""

    taken: Counter[str] = Counter()
    bodies: list[str] = []
    lock = threading.Lock()

    def log_message(self, *args: Any) -> None:
        pass

    def answer(self, told: Any) -> None:
        body = json.dumps(told).encode()
        self.send_response(201 if self.command == "POST" else 200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        with contextlib.suppress(ConnectionError):  # who asked was killed
            self.end_headers()
            self.wfile.write(body)

    def do_POST(self) -> None:  # noqa: N802
        told = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        with self.lock:
            self.taken[told["reference"]] += 1
            self.bodies.append(told["personalisation"]["subject"] + told["personalisation"]["body"])
        time.sleep(random.uniform(0, 0.15))  # noqa: S311  where a worker may be killed: taken, and not yet noted
        self.answer({"id": told["reference"], "reference": told["reference"]})

    def do_GET(self) -> None:  # noqa: N802
        reference = self.path.split("reference=")[-1].split("&")[0]
        with self.lock:
            known = self.taken[reference]
        self.answer({"notifications": [{"reference": reference, "status": "delivered"}] * min(known, 1)})


class Aim:
    """Where the mail system is in a conversation; whoever wants to strike at one of its points is woken there."""

    def __init__(self, hold: float) -> None:
        self.hold, self.wanted, self.reached = hold, "", threading.Event()

    def at(self, point: str) -> None:
        if point == self.wanted:
            self.wanted = ""
            self.reached.set()
        if point == "taken":
            time.sleep(random.uniform(0, self.hold))  # taken, and the yes not yet said

    def wait(self, point: str) -> bool:
        self.reached.clear()
        self.wanted = point
        return self.reached.wait(6)


class Services:
    """PostgreSQL and Redis of this run's own, a worker and a beat; each can be killed and started again."""

    def __init__(self, folder: Path, post: str, hold: float) -> None:
        self.folder, self.running, self.aim = folder, {}, Aim(hold)
        self.pg_bin = max(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: int(path.parent.name))
        self.pg_port, self.redis_port = free_port(), free_port()
        drop = ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups"]
        self.as_postgres = drop if os.getuid() == 0 else []  # PostgreSQL refuses to run as root
        mail = post == "smtp"
        if mail:
            system = MailSystem(self.aim.at)
            Provider.taken, Provider.bodies, self.post_port = system.taken, system.messages, system.port
        else:
            ThreadingHTTPServer.daemon_threads = True
            server = ThreadingHTTPServer(("127.0.0.1", 0), Provider)
            self.post_port = server.server_port
            threading.Thread(target=server.serve_forever, daemon=True).start()
        notify = {
            "NOTIFY_API_KEY": "bench-" + "-".join(["11111111-2222-3333-4444-555555555555"] * 2),
            "NOTIFY_TEMPLATE_ID": "bench",
            "NOTIFY_URL": f"http://127.0.0.1:{self.post_port}",
        }
        self.environment = {
            **os.environ,
            "DATABASE_URL": f"postgres://postgres@127.0.0.1:{self.pg_port}/postgres",
            "REDIS_URL": f"redis://127.0.0.1:{self.redis_port}/0",
            **({"EMAIL_URL": f"smtp://127.0.0.1:{self.post_port}"} if mail else notify),
            "SWEEP_SECONDS": "1",
            "FRONT_DOOR_VAR": str(folder / "var"),
            "LOG_LEVEL": "ERROR",
            "DJANGO_SETTINGS_MODULE": "config.settings",
        }

    @contextlib.contextmanager
    def open(self, slug: str) -> Iterator[Any]:
        """Everything at work, on a database of one partnership with a threshold, which is given: within its scope."""
        try:
            self.prepare()
            os.environ.update(self.environment)
            sys.path.insert(0, str(ROOT))
            import django

            django.setup()
            from django.core.management import call_command
            from django_scopes import scope

            call_command("migrate", verbosity=0)
            from tests.factories import make_world

            world = make_world(slug)
            self.start("worker")
            self.start("beat")
            with scope(partnership=world.partnership):
                yield world
        finally:
            if broker := self.running.get("broker"):
                broker.send_signal(signal.SIGCONT)
            self.stop()
            shutil.rmtree(self.folder, ignore_errors=True)

    def prepare(self) -> None:
        data = self.folder / "pg"
        data.mkdir()
        if self.as_postgres:
            shutil.chown(data, "postgres", "postgres")
            self.folder.chmod(0o755)
        made = [str(self.pg_bin / "initdb"), "-D", str(data), "-U", "postgres", "-A", "trust"]
        subprocess.run([*self.as_postgres, *made], check=True, capture_output=True)
        self.start("database")
        self.start("broker")

    def start(self, name: str) -> None:
        log = (self.folder / f"{name}.log").open("ab")
        celery = [str(Path(sys.executable).parent / "celery"), "--quiet", "-A", "config"]
        postgres = [str(self.pg_bin / "postgres"), "-D", str(self.folder / "pg"), "-p", str(self.pg_port)]
        local = ["-c", "listen_addresses=127.0.0.1", "-c", "unix_socket_directories="]
        quiet = ["--loglevel", "error"]
        commands = {
            "database": [*self.as_postgres, *postgres, *local],
            "broker": ["redis-server", "--port", str(self.redis_port), "--save", "", "--bind", "127.0.0.1"],
            "worker": [*celery, "worker", "--pool", "solo", *quiet, "--without-gossip", "--without-mingle"],
            "beat": [*celery, "beat", *quiet, "--pidfile=", "--schedule", str(self.folder / "beat")],
        }
        self.running[name] = subprocess.Popen(
            commands[name], cwd=ROOT, env=self.environment, stdout=log, stderr=log, start_new_session=True
        )
        port = {"database": self.pg_port, "broker": self.redis_port}.get(name)
        if port:
            self.wait(port)

    def wait(self, port: int) -> None:
        until = time.monotonic() + 60
        while time.monotonic() < until:
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    return
            time.sleep(0.05)
        raise SystemExit(f"kills: nothing answers on port {port}")

    def kill(self, name: str) -> None:
        """`kill -9` of the process and of all that it had started."""
        process = self.running[name]
        family = [process.pid, *children_of(process.pid)]
        for pid in family:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        process.wait()
        while name == "database" and any(Path(f"/proc/{pid}").exists() for pid in family[1:]):
            time.sleep(0.02)
        if name == "database":
            (self.folder / "pg" / "postmaster.pid").unlink(missing_ok=True)

    def kill_postman(self) -> None:
        """The worker's postman, who is in nobody's family: the post book says which process opened it last."""
        pages = sorted((self.folder / "var" / "post-book").glob("*.log"))
        opened = OPENED.findall("".join(page.read_text() for page in pages))
        with contextlib.suppress(ProcessLookupError):
            if opened:
                os.kill(int(opened[-1]), signal.SIGKILL)

    def start_again(self) -> None:
        """The database, where an interrupted round left it killed: the counts are read from it."""
        if self.running["database"].poll() is not None:
            self.start("database")

    def stop(self) -> None:
        for name in list(self.running):
            self.kill(name)


def children_of(pid: int) -> list[int]:
    found = []
    for status in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = status.read_text().rsplit(")", 1)[1].split()
        except (OSError, IndexError):
            continue
        if int(fields[1]) == pid:
            found.append(int(status.parent.name))
    return found


def keep_trying(work: Any) -> Any:
    """As a person does who is told that it could not be stored: again, until it is."""
    from django.db import DatabaseError, connection

    until = time.monotonic() + 120
    while True:
        try:
            return work()
        except (DatabaseError, OSError):
            connection.close()
            if time.monotonic() > until:
                raise
            time.sleep(0.2)


def one_referral(world: Any, within: Any) -> None:
    """The whole way of one referral, with `within` called around each step."""
    from django.utils import timezone

    from partnerships.permissions import Role
    from referrals.intake.actions import submit
    from referrals.letters.actions import write_to_others
    from referrals.models import Draft, Letter, Referral, SignOff
    from referrals.triage import actions
    from referrals.triage.signing import sign_off
    from tests.factories import make_draft

    sam, senior = world.person(Role.SCREENER), world.person(Role.SENIOR)
    draft = keep_trying(lambda: make_draft(world))
    draft.answers["worry"] = {"happened": "Robin came to school hungry."}
    draft.answers["children"][0]["indicators"] = {"chosen": ["health-4-01"]}
    keep_trying(lambda: Draft.objects.filter(pk=draft.pk).update(answers=draft.answers))

    def fresh() -> Any:
        return Referral.objects.get(token=draft.pk)

    def decide() -> None:
        row = fresh()
        if row.state == "waiting":
            row = actions.claim(referral=row, by=sam, at=timezone.now())
        if row.state == "in_hand" and not row.decisions.exists():
            actions.decide(
                referral=row,
                decided_level=row.indicated_level or 2,
                outcome=outcome(),
                reason="A reason.",
                told_referrer="We call on Friday.",
                revision=row.revision,
                by=sam,
                at=timezone.now(),
            )

    def letter() -> None:
        row = fresh()
        waiting = SignOff.objects.waiting().filter(referral=row).first()
        if waiting is not None:
            sign_off(sign_off=waiting, said="", by=senior, at=timezone.now())
        if not Letter.objects.filter(referral=row, kind="agency").exists():
            now = fresh()
            write_to_others(
                referral=now, kind=Letter.Kind.AGENCY, recipient="Health", words="Please visit.", safe_because="",
                seen=now.revision, token="a" * 32, by=sam, at=timezone.now(),
            )  # fmt: skip

    steps = {
        "submit": lambda: submit(draft=Draft.objects.get(pk=draft.pk), by=draft.started_by, at=timezone.now()),
        "acknowledge": lambda: actions.acknowledge(referral=fresh(), words="", by=sam, at=timezone.now()),
        "decide": decide,
        "letter": letter,
    }
    for name in STEPS:
        with within(name):
            keep_trying(steps[name])


def outcome() -> Any:
    from referrals.domain.lifecycle import Outcome

    return Outcome.STRATEGY_DISCUSSION


class Killing:
    """Kills one target in one step, at a random moment or at a point of a handing-over, and starts it again."""

    def __init__(self, services: Services, target: str, at_step: str, point: str = "") -> None:
        self.services, self.target, self.at_step, self.point = services, target, at_step, point
        self.thread: threading.Thread | None = None
        self.missed = False

    def __call__(self, step: str) -> Killing:
        if step == self.at_step:
            self.thread = threading.Thread(target=self.strike)
            self.thread.start()
        return self

    def strike(self) -> None:
        if self.point:
            self.missed = not self.services.aim.wait(self.point)
            time.sleep(random.uniform(0, 0.003))  # around the point, not on it alone
        else:  # a worker is struck while it delivers what the step caused, the others while the step is taken
            time.sleep(random.uniform(0, 0.8 if self.target == "worker" else 0.08))
        if self.target == "postman":
            self.services.kill_postman()
            return
        self.services.kill(self.target)
        time.sleep(random.uniform(0, 0.5))
        self.services.start(self.target)

    def __enter__(self) -> None:
        pass

    def __exit__(self, *error: object) -> None:
        pass

    def done(self) -> None:
        if self.thread is not None:
            self.thread.join()


def asked() -> argparse.Namespace:
    told = argparse.ArgumentParser(prog="python -m bench.kills", description="Kill at every step, and count.")
    told.add_argument("rounds", nargs="?", type=int, default=100)
    told.add_argument("--first", type=int, default=0, help="number of the first round: a long run in parts")
    told.add_argument("--seed", type=int, default=0, help="of the random moments")
    told.add_argument("--post", choices=["notify", "smtp"], default="notify")
    told.add_argument("--aim", action="store_true", help="strike where an email is handed over (smtp)")
    told.add_argument("--postman", action="store_true", help="kill the postman in the worker's place (smtp)")
    told.add_argument("--hold", type=float, default=0.15, help="seconds at most before the mail system says yes")
    asks = told.parse_args()
    if (asks.aim or asks.postman) and asks.post != "smtp":
        told.error("--aim and --postman go with --post smtp")
    return asks


def main() -> None:
    asks = asked()
    for needed in ("redis-server",):
        if not shutil.which(needed):
            raise SystemExit(f"kills: {needed} is not installed; nothing was measured.")
    if not list(Path("/usr/lib/postgresql").glob("*/bin/initdb")):
        raise SystemExit("kills: PostgreSQL is not installed; nothing was measured.")
    random.seed(asks.seed)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("kills: stopped before the end"))  # and what it started with it
    folder = Path(tempfile.mkdtemp(prefix="front-door-kills-"))
    services = Services(folder, asks.post, asks.hold)
    with services.open("killshire") as world:
        kills: Counter[str] = Counter()
        try:
            run(asks, services, world, kills)
        except BaseException:
            services.start_again()
            report(world, kills, asks, patience=0)
            raise
        raise SystemExit(0 if report(world, kills, asks, patience=PATIENCE) else 1)


def run(asks: argparse.Namespace, services: Services, world: Any, kills: Counter[str]) -> None:
    """The rounds, each with one kill; `kills` counts those that were gone through."""
    started = time.monotonic()
    for number in range(asks.first, asks.first + asks.rounds):
        target, step = TARGETS[number % 4], STEPS[number // 4 % 4]
        if asks.postman and target == "worker":
            target = "postman"
        settle(20)
        killing = Killing(services, target, step, POINTS[(number // 16 + number) % 4] if asks.aim else "")
        try:
            one_referral(world, killing)
        finally:  # also where the run is broken off: what is being killed is started again first
            killing.done()
        kills[f"{target} at {step}" + (" (no email came)" if killing.missed else "")] += 1
        if sum(kills.values()) % 5 == 0:
            taken = Counter(Provider.taken)
            doubled = sum(times > 1 for times in taken.values())
            passed = f"{sum(kills.values())} rounds, {time.monotonic() - started:.0f} s"
            print(f"{passed}: {sum(taken.values())} handed over, {doubled} doubled so far", flush=True)


def settle(seconds: float, *, every: bool = False) -> None:
    """Wait until nothing can be delivered now, so that the next kill meets processes at work.

    What a killed worker had leased is another's only once its lease has run out: no round waits for that, so that the
    next kills come while it lies there. every: wait for that as well.
    """
    from django.utils import timezone

    from referrals.models import Notice

    waiting = Notice.objects.filter(state="waiting")
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        rows = waiting if every else Notice.objects.deliverable(timezone.now())
        if not keep_trying(rows.count):
            return
        time.sleep(0.1)


def report(world: Any, kills: Counter[str], asks: argparse.Namespace, *, patience: float) -> bool:
    """Wait until nothing waits, then count. True where all is as it must be."""
    from partnerships.audit import faults
    from referrals.models import Letter, Notice, Referral

    settle(patience, every=True)
    notices = {str(key): state for key, state in keep_trying(lambda: list(Notice.objects.values_list("pk", "state")))}
    rounds = sum(kills.values())
    letters = Counter(Letter.objects.values_list("kind", flat=True))
    waiting = [key for key, state in notices.items() if state == "waiting"]
    taken = {key for key, times in Provider.taken.items() if times}
    gone = [key for key, state in notices.items() if state != "waiting" and (state != "sent" or key not in taken)]
    lost = gone + (waiting if patience else [])  # of an interrupted run, what waits is told apart
    doubled = [key for key, times in Provider.taken.items() if times > 1]
    strangers = set(Provider.taken) - set(notices)
    wrong = sum(1 for _ in faults(world.partnership))
    referrals = Referral.objects.count()
    print(f"{rounds} kills: " + ", ".join(f"{name} {count}" for name, count in sorted(kills.items())))
    print(f"{referrals} referrals of {rounds}; letters: {dict(letters)}")
    print(f"{len(notices)} notices written, {sum(Provider.taken.values())} handed over by {asks.post}")
    still = f", {len(waiting)} still waiting" if patience == 0 else ""
    print(f"{len(lost)} lost, {len(doubled)} doubled, {wrong} faults in the trail{still}", flush=True)
    doubted = Notice.objects.filter(doubted_at__isnull=False).count()
    if asks.post == "smtp":
        print(f"{doubted} were in doubt; {len(strangers)} emails without one of our Message-IDs", flush=True)
    whole = all(letters[kind] == rounds for kind in ("acknowledgement", "outcome", "agency"))
    sound = whole and referrals == rounds and not lost and not strangers and not wrong
    return sound and (not doubled or (asks.postman and len(doubled) <= doubted))


if __name__ == "__main__":
    main()
