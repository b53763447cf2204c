"""Canaries of every kind of secret, looked for wherever a secret must not be."""

from __future__ import annotations

import hashlib
import os
import re
import stat
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from project import Project, gap_matrix

if TYPE_CHECKING:
    from command_line import Answer

ENV, FILE, VALUE = "cnry-env-0af31b", "cnry-file-77c2d9", "cnry-value-4e81aa"
MIXED, CONTENT, SOURCE = "cnry-mixed-b3d60c", "cnry-content-9f27e4", "cnry-source-51ce08"
VARIABLE, JSON = "cnry-variable-e08f64", "cnry-json-13b7d5"
OLD_VALUE, OLD_CONTENT, BYSTANDER = "cnry-oldvalue-6d2f9b", "cnry-oldcontent-c4a713", "cnry-bystander-8be055"
CANARIES = (
    *(ENV, FILE, VALUE, MIXED, CONTENT, SOURCE, VARIABLE, JSON),
    *(OLD_VALUE, OLD_CONTENT, BYSTANDER),
)
STEPS = f"""\
  - name: Key
    gpg_key: {{home: "{{{{ world }}}}/g", generate: {{name: tester, email: t@x.invalid}}}}
  - name: Env
    env_file:
      path: "{{{{ world }}}}/.env"
      set:
        FROM_ENV: {{env: CANARY}}
        FROM_FILE: {{file: secret.txt}}
        LITERAL: {{value: {VALUE}}}
        MIXED: {{value: "{MIXED}-{{{{ facts.uid }}}}"}}
        LATE: {{value: "{MIXED}-{{{{ steps.key.fingerprint }}}}"}}
        VARIABLE: {{value: "{{{{ password }}}}"}}
        CHANGED: {{value: {VALUE}-2}}
        PLAIN: shown
      default:
        MADE: {{generate: {{length: 24}}}}
        DEFAULTED: {{env: CANARY}}
  - name: Content
    file: {{path: "{{{{ world }}}}/content", content: "{CONTENT}", secret: true, mode: "0600"}}
  - name: Judged
    file:
      path: "{{{{ world }}}}/source"
      source: secret.bin
      secret: true
      mode: "0600"
      validate: ["{{{{ tools }}}}/watch", "{{candidate}}"]
  - name: Json
    file: {{path: "{{{{ world }}}}/json", json: {{password: "{JSON}"}}, secret: true, mode: "0640"}}
  - name: Looks
    irreversible: nothing is done
    command: {{argv: [watch, argv], check: [watch, check]}}
"""


@pytest.fixture
def guarded(project: Project, monkeypatch: pytest.MonkeyPatch) -> Project:
    """Give a project full of secrets, in which each program that is started records how it was called."""
    monkeypatch.setenv("CANARY", ENV)
    project.variables(f"password: {VARIABLE}\ntools: {project.folder}/tools\nlisted: [{VARIABLE}]\n")
    project.write("runbooks/gap-matrix.yml", gap_matrix("{runbook: site.yml, steps: all}"))
    project.write("runbooks/secret.txt", f"{FILE}\n")
    project.write("runbooks/secret.bin", SOURCE)
    project.write("world/.env", f"CHANGED={OLD_VALUE}\nOTHER={BYSTANDER}\n# {BYSTANDER}\n")
    project.write("world/content", OLD_CONTENT)
    (project.world / "content").chmod(0o640)
    _wrap(project, monkeypatch)
    project.runbook(STEPS)
    return project


def _wrap(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    """Put programs first on PATH that record how they are called, then do what is meant."""
    seen, tools = project.folder / "seen", project.folder / "tools"
    seen.mkdir()
    record = f'cat /proc/$$/cmdline /proc/$$/environ > "{seen}/$$-$(basename "$0")"\n'
    path = os.environ["PATH"]
    for name in ("gpg", "gpgconf"):
        tool = project.write(f"tools/{name}", f'#!/bin/sh\n{record}PATH="{path}" exec {name} "$@"\n')
        tool.chmod(0o755)
    watch = project.write(
        "tools/watch", f'#!/bin/sh\n{record}cp "$1" "{seen}/candidate" 2>/dev/null\nexit 0\n'
    )
    watch.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tools}:{path}")


def generated(project: Project) -> list[str]:
    """Return the secrets that were made during the run: a password, and the numbers of the private keys."""
    text = (project.world / ".env").read_text() if (project.world / ".env").exists() else ""
    made = re.findall(r"^MADE='?([A-Za-z0-9]{24})", text, re.MULTILINE)
    keys = [path.read_text("latin-1") for path in (project.world / "g/private-keys-v1.d").glob("*.key")]
    numbers = [
        re.sub(r"\s", "", number) for key in keys for number in re.findall(r"\(d #([0-9A-F\s]+)#", key)
    ]
    return [*made, *numbers]


def leaks(text: bytes, secrets: Sequence[str]) -> list[str]:
    """Return the secrets in a text: plain, in hexadecimal, in base64, or as a digest that anybody makes."""
    import base64

    found = []
    for secret in secrets:
        raw = secret.encode()
        forms = [raw, raw.hex().encode(), base64.b64encode(raw)[: len(raw) * 4 // 3 - 2]]
        forms += [hashlib.new(name, raw).hexdigest().encode() for name in ("sha256", "sha1", "md5")]
        found += [secret for form in forms if form.lower() in text.lower()]
    return found


def expect_silence(project: Project, *answers: Answer, code: int | None = 0) -> None:
    secrets = [*CANARIES, *generated(project)]
    for answer in answers:
        assert code is None or answer.code == code, answer
        assert leaks(answer.out.encode() + answer.err.encode(), secrets) == []
    for path in places(project):
        assert leaks(path.read_bytes(), secrets) == [], path


def places(project: Project) -> Iterator[Path]:
    """Yield the files of cutter's own: ledger, plan files, and what recorded the children."""
    yield from project.ledger_folder.rglob("ledger.db*")
    yield from project.folder.glob("*.plan")
    yield from (path for path in (project.folder / "seen").iterdir() if path.name != "candidate")


SITE = "runbooks/site.yml"
LOOKS: Sequence[Sequence[str]] = (
    ["plan", SITE],
    ["plan", SITE, "--diff"],
    ["plan", SITE, "--diff", "--json"],
    ["plan", SITE, "-o", "a.plan", "--debug"],
    ["validate", SITE],
    ["preflight", SITE],
    ["runs"],
    ["runs", "--json"],
    ["gaps", "--json"],
    ["ledger", "verify"],
    ["doctor"],
)


def test_no_secret_is_told_while_looking_applying_or_taking_back(guarded: Project) -> None:
    for words in LOOKS:
        expect_silence(guarded, guarded.cutter(*words), code=None)
    expect_silence(guarded, guarded.cutter("apply", "--yes", "--diff", "--debug", SITE))
    assert len(generated(guarded)) >= 3, "one password and two private keys are looked for"
    run = guarded.last_run()
    for words in (*LOOKS, ["verify", SITE], ["verify", SITE, "--json"], ["apply", "--yes", "--json", SITE]):
        expect_silence(guarded, guarded.cutter(*words))
    for words in (["runs", "show", run], ["runs", "show", run, "--json"]):
        expect_silence(guarded, guarded.cutter(*words))
    (guarded.world / ".env").write_text((guarded.world / ".env").read_text().replace(VALUE, OLD_VALUE))
    (guarded.world / "content").write_text(OLD_CONTENT)
    expect_silence(guarded, guarded.cutter("verify", SITE), guarded.cutter("verify", SITE, "--json"), code=2)
    expect_silence(guarded, guarded.cutter("apply", "--yes", "--json", "--diff", SITE))


def test_no_secret_is_told_while_a_run_is_taken_back(guarded: Project) -> None:
    guarded.runbook(STEPS.partition("  - name: Looks")[0])
    run = guarded.apply(SITE)
    secrets = generated(guarded)
    for words in (["revert", run, "--no-input"], ["revert", run, "--yes", "--json"]):
        answer = guarded.cutter(*words)
        assert leaks((answer.out + answer.err).encode(), [*secrets, *CANARIES]) == []
    assert answer.code == 0, answer
    for path in places(guarded):
        assert leaks(path.read_bytes(), [*secrets, *CANARIES]) == [], path
    assert OLD_VALUE in (guarded.world / ".env").read_text()
    expect_silence(guarded, guarded.cutter("revert", guarded.last_run(), "--yes"))


def test_the_canaries_reach_what_was_declared_and_nothing_else(guarded: Project) -> None:
    guarded.cutter("plan", SITE, "-o", "a.plan")
    guarded.apply(SITE)
    declared = {"world/.env", "world/content", "world/source", "world/json", "seen/candidate"}
    given = {
        "runbooks/site.yml",
        "runbooks/secret.txt",
        "runbooks/secret.bin",
        "inventory/here/group_vars/all.yml",
    }
    found = set()
    for path in guarded.folder.rglob("*"):
        if path.is_file() and leaks(path.read_bytes(), CANARIES):
            found.add(str(path.relative_to(guarded.folder)))
    kept = {name for name in found if name.startswith("here/target/kept/")}
    assert found - kept == declared | given
    assert len(kept) == 2
    for name in kept:
        assert stat.S_IMODE((guarded.folder / name).stat().st_mode) == 0o600
    assert stat.S_IMODE(guarded.kept.stat().st_mode) == 0o700
    text = (guarded.world / ".env").read_text()
    for secret in (ENV, FILE, VALUE, MIXED, VARIABLE, BYSTANDER):
        assert secret in text


def test_children_are_watched_and_get_few_variables(guarded: Project) -> None:
    guarded.apply(SITE)
    records = [path for path in (guarded.folder / "seen").iterdir() if path.name != "candidate"]
    programs = {path.name.partition("-")[2] for path in records}
    assert programs == {"gpg", "gpgconf", "watch"}
    for path in records:
        variables = set(re.findall(rb"(?:^|\0)([A-Za-z_]+)=", path.read_bytes()))
        assert variables <= {b"PATH", b"HOME", b"LANG", b"PWD", b"OLDPWD", b"SHLVL", b"_", b"CUTTER_CHILD"}, (
            path
        )
    assert (guarded.folder / "seen/candidate").read_text() == SOURCE


def test_a_digest_of_a_secret_is_one_that_only_its_key_can_make(guarded: Project) -> None:
    guarded.apply(SITE)
    states = [entry["observed"] for entry in guarded.entries("evidence")]
    literal = next(state["value:LITERAL"] for state in states if "value:LITERAL" in (state or {}))
    import hmac

    key = (guarded.ledger_folder / "digest.key").read_bytes()
    assert literal == f"hmac-sha256:{hmac.new(key, VALUE.encode(), 'sha256').hexdigest()}"
    assert stat.S_IMODE((guarded.ledger_folder / "digest.key").stat().st_mode) == 0o600


def test_two_environments_have_two_keys(guarded: Project) -> None:
    guarded.inventory("there", f"password: {VARIABLE}\ntools: {guarded.folder}/tools\n")
    guarded.cutter("apply", "--yes", SITE)
    assert guarded.cutter("apply", "--yes", SITE, environment="there").code == 0
    keys = [guarded.folder / name / "ledger/digest.key" for name in ("here", "there")]
    assert keys[0].read_bytes() != keys[1].read_bytes()


CRASHES: dict[str, tuple[str, str]] = {
    "apply": ("cutter.resources.target.env_file", "replace_alone"),
    "desired": ("cutter.resources.target.env_file", "source_of"),
    "digest": ("cutter.resource", "keyed_digest"),
    "write": ("cutter.filesystem.replace", "_fill"),
    "bind": ("cutter.language.bind", "content_hash"),
}


@pytest.mark.parametrize("words", [[], ["--debug"], ["--json", "--debug"]])
@pytest.mark.parametrize("where", CRASHES)
def test_a_crash_beside_a_secret_does_not_tell_it(
    where: str, words: list[str], guarded: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    def crash(*values: object, **named: object) -> None:
        secret = f"{ENV} {FILE} {VALUE} {CONTENT}"
        raise RuntimeError(f"{secret} {values} {named}")

    module, name = CRASHES[where]
    monkeypatch.setattr(f"{module}.{name}", crash)
    answer = guarded.cutter("apply", "--yes", *words, SITE)
    assert answer.code != 0
    assert "RuntimeError" in answer.out + answer.err
    expect_silence(guarded, answer, code=None)


def _bad(text: str) -> Callable[[Project], object]:
    return lambda project: project.runbook(text)


_SET = '  - name: Env\n    env_file:\n      path: "{{ world }}/.env"\n      set:\n        KEY: '
MISTAKES: dict[str, str] = {
    "unknown word": _SET + f"{{value: {VALUE}, secrets: true}}\n",
    "word misspelt": _SET + f"{{valeu: {VALUE}}}\n",
    "list": _SET + f"{{value: [{VALUE}]}}\n",
    "mapping": _SET + f"{{value: {{{VALUE}: 1}}}}\n",
    "two forms": _SET + f"{{value: {VALUE}, env: CANARY}}\n",
    "unwritable": _SET + f'{{value: "{VALUE}\\u0001\\n\'\\"`$x"}}\n',
    "reference": _SET + f'{{value: "{VALUE} {{{{ nowhere }}}}"}}\n',
    "half a reference": _SET + f'{{value: "{VALUE} {{{{ world"}}\n',
    "broken YAML": _SET + f"{{value: {VALUE}\n",
    "duplicate": _SET + f"{{value: {VALUE}, value: {VALUE}}}\n",
    "secret of another type": _SET + f"{{value: {VALUE}, secret: {VALUE}}}\n",
    "content and source": '  - {name: F, file: {path: "{{ world }}/f", secret: true, '
    f'content: "{CONTENT}", source: secret.bin}}}}\n',
    "content of another type": '  - {name: F, file: {path: "{{ world }}/f", secret: true, '
    f'content: ["{CONTENT}"]}}}}\n',
    "variable of another type": '  - {name: F, file: {path: "{{ world }}/f", secret: true, '
    'content: "{{ listed }}"}}\n',
    "secret variable of another type": _SET + '{value: "{{ listed }}"}\n',
    "late reference": '  - {name: F, file: {path: "{{ world }}/f", secret: true, '
    f'content: "{CONTENT} {{{{ facts.uid }}}}"}}}}\n',
    "tool that fails": '  - {name: F, file: {path: "{{ world }}/f", secret: true, '
    f'content: "{CONTENT}", validate: [sh, -c, "cat {{candidate}}; exit 1"]}}}}\n',
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_in_a_secret_is_told_without_it(mistake: str, guarded: Project) -> None:
    guarded.runbook(MISTAKES[mistake])
    for words in (["--yes"], ["--yes", "--json"], ["--yes", "--debug"]):
        answer = guarded.cutter("apply", SITE, *words)
        assert answer.code in (10, 11, 65), answer
        expect_silence(guarded, answer, code=None)


@pytest.mark.parametrize("value", ["", f"{ENV}'\"`$(x)\n", "\udcff" + ENV])
def test_a_variable_that_cannot_be_written_is_told_without_its_value(
    value: str, guarded: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CANARY", value)
    answer = guarded.cutter("apply", "--yes", SITE)
    assert answer.code not in (0, 1), answer
    assert "CANARY" in answer.err or "FROM_ENV" in answer.err
    expect_silence(guarded, answer, code=None)


@pytest.mark.parametrize("place", ["argv", "environment", "check"])
def test_a_command_is_refused_a_secret(place: str, guarded: Project) -> None:
    """No runbook can hand one over: only `env_file` and `file` know the forms that make a secret."""
    words = {"argv": ["echo", "{env: CANARY}"], "environment": [], "check": ["echo", "{env: CANARY}"]}[place]
    inner = f"[{', '.join(words)}]" if words else "{A: {env: CANARY}}"
    others = "" if place == "argv" else "argv: [echo], "
    others += "" if place == "check" else 'check: ["true"], '
    guarded.runbook(f"  - {{name: C, irreversible: x, command: {{{others}{place}: {inner}}}}}\n")
    answer = guarded.cutter("apply", "--yes", SITE)
    assert answer.code == 65, answer
    expect_silence(guarded, answer, code=None)


def test_no_flag_takes_a_secret() -> None:
    from cutter.cli.main import parser_of_all

    assert not re.search(r"--\S*(secret|pass|token|key)\b", parser_of_all().format_help())


def test_a_secret_completed_on_the_target_is_hashed_under_the_key_alone() -> None:
    from cutter.language.content_hash import content_hash
    from cutter.resources import resource_type

    kind = resource_type("env_file")
    params = {"path": "/x", "set": {"A": {"value": f"{MIXED}-{{{{ facts.uid }}}}", "secret": True}}}
    one, other = (content_hash(kind, "env_file", params, key, {}) for key in (b"one", b"other"))
    assert one != other, "without the key nobody can try words against it"
