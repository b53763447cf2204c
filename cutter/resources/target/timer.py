"""A command that systemd runs at its time.

As a step:

    - name: A backup every night
      timer:
        name: nightly-backup
        calendar: "*-*-* 02:30:00"
        command: [/usr/local/bin/cutter, backup, create, -i, /etc/cutter/inventory]
        randomized_delay: 600
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Literal, Optional

from cutter.errors import StepFailed, Unavailable
from cutter.model.canonical import bytes_digest
from cutter.model.secret import contains_secret
from cutter.model.state import Change, State
from cutter.resource import Complaint, Content, Desk, Resource, param
from cutter.systemd import answers, moving, unit_file
from cutter.systemd.enabled import ENABLED, enabled
from cutter.systemd.startable import hindrance
from cutter.systemd.timer_text import demand_calendar, service_text, timer_text, word_problem

_WORDS = {"type": ["array"], "items": {"type": "string"}, "minItems": 1}


class Timer(Resource):
    """A pair of units of systemd, NAME.timer and NAME.service, that runs a command at its time.

    The timer is enabled, and started where systemd runs; with `state: any`, nobody asks whether it is, so
    that it can be set up where systemd is not running, in an image. The command is a list of words without a
    shell; its output goes to the journal. A pair whose user, folder or program is missing is not as declared,
    and is refused before anything is begun, as a time is that systemd cannot read, or that never comes.
    Drop-ins that somebody put beside the pair are not looked at.
    """

    fleeting = ("units_used", "startable")
    name: str = param("Name of the pair, without a suffix.", pattern=r"^[A-Za-z0-9][A-Za-z0-9:_.-]*$|[{][{]")
    ensure: Literal["present", "absent"] = param("Whether it should be there.", default="present")
    description: Optional[str] = param("What it is for; when missing, its name.", default=None)
    calendar: Optional[str] = param("When, as systemd writes it: see man systemd.time.", default=None)
    command: Optional[list[str]] = param(
        "The command: absolute path, then words.", default=None, schema=_WORDS
    )
    user: str = param("As which user.", default="root", pattern=r"^[a-z_][a-z0-9_-]*[$]?$|[{][{]")
    folder: Optional[str] = param("Absolute path of the folder to run in.", default=None, pattern="^/|[{][{]")
    persistent: bool = param("Whether what was missed while off is made up for.", default=True)
    randomized_delay: int = param("Seconds by which it may begin later.", default=0, minimum=0)
    timeout: int = param("Seconds that the command may take.", default=3600, minimum=1)
    state: Literal["started", "any"] = param("Whether the timer must be waiting.", default="started")
    service_digest: Optional[str] = param("The digest of the service.", default=None, internal=True)
    timer_digest: Optional[str] = param("The digest of the timer.", default=None, internal=True)

    @classmethod
    def check(cls, params: Mapping[str, Any]) -> Iterator[Complaint]:
        """Complain about what is missing, and about words that a unit file cannot hold, or must not."""
        if params.get("ensure") == "absent":
            return
        for name in ("calendar", "command"):
            if params.get(name) is None:
                yield Complaint((), f"{name} is missing")
        yield from _complaints_of_words(params.get("command") or ())
        for name in ("calendar", "description", "folder"):
            value = params.get(name)
            if isinstance(value, str) and "\n" in value:
                yield Complaint((name,), "is more than one line")

    @classmethod
    def prepare(cls, params: dict[str, Any], desk: Desk) -> dict[str, Any]:
        """Write the pair, hand it over, and leave the digests."""
        if params.get("ensure") == "absent":
            return params
        whole = {name: params.get(name, declared.default) for name, declared in cls.params.items()}
        digests = {}
        for name, text in (("service_digest", service_text(whole)), ("timer_digest", timer_text(whole))):
            digests[name] = bytes_digest(text)
            desk.send(text, digests[name])
        return {**params, **digests}

    def places(self) -> tuple[str, ...]:
        """Return the names that stand for the pair."""
        return (f"unit {self.name}.timer", f"unit {self.name}.service")

    def desired(self) -> Optional[State]:
        """Return the digests of the pair, and that the timer is enabled and, where asked for, active."""
        if self.ensure == "absent":
            return None
        wanted: dict[str, Any] = {"service": self.service_digest, "timer": self.timer_digest}
        wanted |= {"enabled": ENABLED, "startable": True}
        if self.state == "started":
            wanted |= {"active": moving.ACTIVE, "units_used": True}
        return wanted

    def observe(self) -> Optional[State]:
        """Return the same as found, or None where neither is there. Raises Unavailable without systemd."""
        service, timer = (unit_file.digest_of(name) for name in self._names())
        if self.state == "started":
            answers.demand_running(f"whether {self.name}.timer waits")
        if service is None and timer is None:
            return None
        seen: dict[str, Any] = {"service": service, "timer": timer, "enabled": enabled(f"{self.name}.timer")}
        seen["startable"] = not self._hindrance()
        if self.state == "started":
            seen["active"] = moving.activity(f"{self.name}.timer")
            seen["units_used"] = self._used()
        return seen

    def foresee(self, change: Change) -> None:
        """Raise StepFailed for a time that never comes, Unavailable for a command that cannot start."""
        if change.after is None or change.after["timer"] != self.timer_digest:
            return  # what is put back was there before
        if self.calendar and "timer" in change.keys:
            demand_calendar(self.calendar)
        missing = self._hindrance()
        if missing:
            remedy = "put it there, by an earlier step or by hand, or correct the step"
            raise Unavailable(f"the command of {self.name}.timer cannot start: {missing}", remedy=remedy)

    def apply(self, change: Change, content: Content) -> None:
        """Write the pair, enable and start the timer; or stop it and remove both."""
        service, timer = self._names()
        if change.after is None:
            moving.remove(timer, content)
            unit_file.take_away(service, content)
            answers.reload_units()
            return
        try:
            self.foresee(change)
        except Unavailable as missing:
            raise StepFailed(missing.cause, remedy=missing.remedy) from missing
        self._write(service, change.after["service"], content)
        self._write(timer, change.after["timer"], content)
        answers.reload_units()
        moving.enable(timer, change.after["enabled"])
        if change.after.get("active") == moving.ACTIVE:
            if not answers.unit(timer).up:
                moving.start(timer, stays=0)
            elif not self._used():
                moving.restart(timer, stays=0)
        elif "active" in change.after:
            moving.stop(timer)

    def _write(self, name: str, digest: Any, content: Content) -> None:
        if digest is None:
            unit_file.take_away(name, content)
        elif unit_file.digest_of(name) != digest:
            own = digest in {self.service_digest, self.timer_digest}
            service, _ = self._names()
            beside = {} if name == service else {service: content.bytes_of(str(self.service_digest))}
            unit_file.write(name, str(digest), content, beside if own else None)

    def _hindrance(self) -> str:
        return hindrance(self.user, self.folder, self.command) if self.command else ""

    def _names(self) -> tuple[str, str]:
        return f"{self.name}.service", f"{self.name}.timer"

    def _used(self) -> bool:
        service, timer = self._names()
        return unit_file.is_used(answers.unit(timer)) and not answers.unit(service).outdated


def _complaints_of_words(words: Sequence[Any]) -> Iterator[Complaint]:
    for index, word in enumerate(words):
        if contains_secret(word):
            yield Complaint(("command", index), "is a secret, and everybody can read unit files")
        elif word_problem(word, first=index == 0):
            yield Complaint(("command", index), word_problem(word, first=index == 0))
