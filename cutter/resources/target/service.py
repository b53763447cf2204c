"""A service of systemd.

As a step:

    - name: Site
      file: {path: /etc/nginx/conf.d/site.conf, source: documents/site.conf}
    - name: Web server
      service:
        name: nginx
        enabled: true
        state: started
        reload_on: [site]
        probe: {http: "http://127.0.0.1/health", retries: 10}
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Literal, Optional

from cutter.errors import StepFailed, Unavailable
from cutter.filesystem.sources import late_references, rendered
from cutter.model.canonical import bytes_digest
from cutter.model.obligations import Duty
from cutter.model.secret import contains_secret
from cutter.model.state import Change, State
from cutter.resource import Complaint, Content, Desk, Resource, param
from cutter.systemd import answers, moving, probes, unit_file
from cutter.systemd.enabled import DISABLED, ENABLED, MASKED, demand_own_name, enabled, found, is_masked
from cutter.systemd.startable import missing, programs

_SOURCES = ("content", "source", "template")
_IDS = {"type": "array", "items": {"type": "string"}, "minItems": 1}


class Service(Resource):
    """A service of systemd: its unit file, whether it starts with the machine, whether it runs and answers.

    What is not declared stays as it is; drop-ins that somebody put beside the unit file are not looked at.
    Where systemd is not running, content and `enabled` are looked at on disk, and a step that declares more
    is unobservable. A restart that a changed step asks for is owed until a look finds that it was done, also
    by a later run; what does not run is owed nothing. Whether it was started from its unit file as it is now
    is told by the clock: one that somebody put back before the file was altered and forward after it may
    hide that; `systemctl restart` then ends all doubt. When a service does not start, the message ends with
    its last lines of the journal: cutter cannot know secrets in those.
    """

    runs = True
    fleeting = ("unit_used", "probe", "restart", "reload")
    name: str = param(
        "Name of the unit, with or without .service.", pattern=r"^[A-Za-z0-9][A-Za-z0-9:_.@\\-]*$|[{][{]"
    )
    ensure: Literal["present", "absent"] = param(
        "With absent: stopped, disabled, and its file in /etc/systemd/system removed.", default="present"
    )
    content: Optional[str] = param("The unit file, in /etc/systemd/system.", default=None)
    source: Optional[str] = param("A file whose bytes to take for it, relative to the runbook.", default=None)
    template: Optional[str] = param("A Jinja2 template to render for it.", default=None)
    judged: bool = param("Whether systemd-analyze verify judges the unit file first.", default=True)
    enabled: Any = param(
        "true, false or masked; when missing, whichever it is.",
        default=None,
        schema={"enum": [True, False, "masked"]},
    )
    state: Optional[Literal["started", "stopped"]] = param("Whether it runs.", default=None)
    restart_on: Optional[list[str]] = param(
        "Ids of earlier steps; when one changes, the service is restarted.", default=None, schema=_IDS
    )
    reload_on: Optional[list[str]] = param(
        "Ids of earlier steps; when one changes, the service is reloaded.", default=None, schema=_IDS
    )
    probe: Any = param(
        "What must answer: argv, http or tcp; retries (5), every (2) and timeout (5) in seconds.",
        default=None,
        schema=probes.SCHEMA,
    )
    stays: int = param("Seconds that it must stay up after a start.", default=1, minimum=1, maximum=600)
    digest: Optional[str] = param("The digest of the unit file.", default=None, internal=True)
    programs: Optional[list[str]] = param("What the unit file starts.", default=None, internal=True)

    @classmethod
    def check(cls, params: Mapping[str, Any]) -> Iterator[Complaint]:
        """Complain about words that make no sense together, secrets and late references in the unit file."""
        given = [name for name in (*_SOURCES, "digest") if params.get(name) is not None]
        if len(given) > 1:
            yield Complaint((), f"one of {', '.join(_SOURCES)} is enough")
        for name in given:
            yield from (Complaint((name,), text) for text in late_references(params[name]))
            if contains_secret(params[name]):
                yield Complaint((name,), "is a secret, and everybody can read unit files; use an env_file")
        yield from _contradictions(params, given)
        yield from (Complaint(("probe",), text) for text in probes.complaints(params.get("probe")))

    @classmethod
    def prepare(cls, params: dict[str, Any], desk: Desk) -> dict[str, Any]:
        """Read or render the unit file, hand it over, and leave its digest in its place."""
        others = {name: value for name, value in params.items() if name not in _SOURCES}
        if len(others) == len(params):
            return params
        content = rendered(params, desk)
        digest = bytes_digest(content)
        desk.send(content, digest)
        return {**others, "digest": digest, "programs": programs(content)}

    @classmethod
    def owing(cls, params: Mapping[str, Any]) -> tuple[Duty, ...]:
        """Return the restart and the reload that changed steps ask for; none of what is to be stopped."""
        if params.get("state") == "stopped" or params.get("ensure") == "absent":
            return ()
        name = _full(params["name"])
        asked = {"restart": params.get("restart_on"), "reload": params.get("reload_on")}
        return tuple(Duty(act, name, tuple(ids)) for act, ids in asked.items() if ids)

    @classmethod
    def follows(cls, params: Mapping[str, Any], goal: Optional[State]) -> tuple[str, ...]:
        """Return the steps it listens to, where it is to run again: with what they have put back."""
        runs = goal is not None and goal.get("active") != moving.INACTIVE
        return tuple(step for duty in cls.owing(params) for step in duty.on) if runs else ()

    @property
    def unit(self) -> str:
        """The name with its suffix."""
        return _full(self.name)

    def places(self) -> tuple[str, ...]:
        """Return the name that stands for the service."""
        return (f"unit {self.unit}",)

    def desired(self) -> Optional[State]:
        """Return what is declared: the unit's digest, enabled, active, and that it answers."""
        if self.ensure == "absent":
            return None
        started = self.state == "started"
        enabled_ = {True: ENABLED, False: DISABLED, "masked": MASKED}.get(self.enabled)
        active = {"started": moving.ACTIVE, "stopped": moving.INACTIVE}.get(self.state or "")
        wanted: dict[str, Any] = {"unit": self.digest, "enabled": enabled_, "active": active}
        wanted["unit_used"] = True if started and self.digest else None
        wanted["probe"] = "answers" if self.probe else None
        return {key: value for key, value in wanted.items() if value is not None}

    def observe(self) -> Optional[State]:
        """Return the same as found; None where there is no such unit and this step would bring or remove it.

        Raises Unavailable where systemd is not running and more than its files is declared, and for a unit
        that nobody has installed.
        """
        if self.ensure == "absent":
            return self._own()
        self._demand_systemd()
        if self.enabled is not None:
            demand_own_name(self.unit)
        if found(self.unit) is None and not is_masked(self.unit):
            return self._missing()
        seen: dict[str, Any] = {"enabled": enabled(self.unit)}
        if self.digest:
            seen["unit"] = unit_file.digest_of(self.unit)
        if self.state:
            seen["active"] = moving.activity(self.unit)
        if self.state == "started" and self.digest:
            seen["unit_used"] = unit_file.is_used(answers.unit(self.unit))
        if self.probe:
            seen["probe"] = "does not answer" if probes.failure(self.probe) else "answers"
        return seen

    def foresee(self, change: Change) -> None:
        """Raise Unavailable for a new unit file whose programs are missing, where systemd would judge it."""
        if self.judged and self.digest and "unit" in change.keys and unit_file.is_judged():
            why = missing(self.programs or ())
            if why:
                remedy = "bring it by an earlier step or by hand, correct the unit file, or say judged: false"
                raise Unavailable(f"{self.unit} could not start: {why}", remedy=remedy)

    def apply(self, change: Change, content: Content) -> None:
        """Write the unit file, enable, start, and wait for an answer; or the other way round."""
        after = change.after
        if after is None:
            moving.remove(self.unit, content)
            return
        if after.get("active") == moving.INACTIVE:
            moving.stop(self.unit)
        if "unit" in after:
            self._write(after["unit"], content)
        if "enabled" in after:
            moving.enable(self.unit, after["enabled"])
        if after.get("active") == moving.ACTIVE:
            self._run(renew="unit" in after)

    def mark(self, act: str) -> str:
        """Return what differs once the act was done after now; nothing where nothing runs."""
        answers.demand_running(f"whether a {act} of {self.unit} was done")
        now = answers.unit(self.unit)
        if now.down:
            return ""
        return now.invocation if act == "restart" else f"{now.invocation} {now.reload}".strip()

    def is_done(self, act: str, mark: str) -> bool:
        """Tell whether the act was done since the mark, or nothing runs that was there then."""
        now = self.mark(act)
        if not now or now.split()[0] not in mark.split()[:1]:
            return True
        return act == "reload" and now != mark and now != now.split()[0]

    def perform(self, act: str) -> None:
        """Restart or reload it, and wait until it is up and answers. Raises StepFailed."""
        if act == "restart":
            moving.restart(self.unit, stays=self.stays)
        else:
            answers.order("reload", self.unit)
            moving.steady(self.unit, stays=self.stays)
        self._demand_answer()

    def _own(self) -> Optional[State]:
        digest = unit_file.digest_of(self.unit)
        if digest is None:
            return None
        answers.demand_running(f"whether {self.unit} runs")
        return {"unit": digest, "enabled": enabled(self.unit), "active": moving.activity(self.unit)}

    def _demand_systemd(self) -> None:
        for key in ("state", "probe", "restart_on", "reload_on"):
            if getattr(self, key):
                answers.demand_running(f"whether {self.unit} runs" if key != "probe" else "what answers")

    def _missing(self) -> Optional[State]:
        if self.digest or self.enabled == MASKED:
            return None
        raise Unavailable(
            f"there is no unit {self.unit}",
            remedy="install the package that brings it by an earlier step, or declare its content",
        )

    def _write(self, digest: Any, content: Content) -> None:
        now = unit_file.digest_of(self.unit)
        if digest is None:
            unit_file.take_away(self.unit, content)
        elif now != digest:
            if is_masked(self.unit):
                answers.enablement("unmask", self.unit)
            judged = self.judged and digest == self.digest
            unit_file.write(self.unit, str(digest), content, {} if judged else None)
        answers.reload_units()

    def _run(self, *, renew: bool) -> None:
        now = answers.unit(self.unit)
        if not now.up:
            moving.start(self.unit, stays=self.stays)
        elif renew and not unit_file.is_used(now):
            moving.restart(self.unit, stays=self.stays)
        self._demand_answer()

    def _demand_answer(self) -> None:
        why = probes.patient_failure(self.probe) if self.probe else ""
        if why:
            asked = f"{self.unit} is up, but {probes.shown(self.probe)} gives no good answer"
            raise StepFailed(f"{asked}: {why}{answers.journal(self.unit)}", world=answers.PERHAPS)


def _full(name: str) -> str:
    return name if name.endswith(".service") else f"{name}.service"


def _contradictions(params: Mapping[str, Any], given: list[str]) -> Iterator[Complaint]:
    absent, masked = params.get("ensure") == "absent", params.get("enabled") == "masked"
    meant = [name for name in ("enabled", "state", "restart_on", "reload_on", "probe") if params.get(name)]
    for name in (*given, *meant) if absent else ():
        yield Complaint((name,), "makes no sense with ensure: absent")
    if not absent and not given and not meant and params.get("enabled") is None:
        yield Complaint((), "declares nothing: say content, enabled, state, restart_on or probe")
    if masked and (given or params.get("state") == "started"):
        yield Complaint(("enabled",), "what is masked has no unit file and cannot be started")
    for name in ("restart_on", "reload_on", "probe"):
        if params.get("state") == "stopped" and params.get(name):
            yield Complaint((name,), "makes no sense with state: stopped")
