"""The completion script for fish."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from cutter.report.completion.words import WORDS_VERB, Flag, Kind, Verb

_HEAD = f"""\
# Completion of cutter for fish. Load it with:  cutter completion fish | source
function __cutter_ask --argument-names kind
    set -l words (commandline -opc)
    set -l context
    for at in (seq 2 (count $words))
        switch $words[$at]
            case -i --inventory
                test (count $words) -gt $at; and set -a context -i $words[(math $at + 1)]
            case '--inventory=*' '*.yml' '*.yaml'
                set -a context $words[$at]
        end
    end
    $words[1] {WORDS_VERB} $kind $context 2>/dev/null
end
function __cutter_several --argument-names kind
    set -l open (commandline -ct | string replace -ra '["\\'\\\\\\\\]' '' | string replace -r '^-[^=]*=' '')
    set -l head (string replace -r '[^,!]*$' '' -- "$open")
    for word in (__cutter_ask $kind)
        printf '%s\\n' "$head$word"
    end
end
function __cutter_place --argument-names verb number
    set -l words (commandline -opc)
    set -l valued $argv[3..]
    set -l place -2
    set -l skip no
    for word in $words
        if test $skip = yes
            set skip no
        else if contains -- $word $valued
            set skip yes
        else if not string match -q -- '-*' $word
            set place (math $place + 1)
        end
    end
    __fish_seen_subcommand_from $verb; and begin; test $number = any; or test $place = $number; end
end
complete -c cutter -f
complete -c cutter -n __fish_use_subcommand -l help -d 'show help'
complete -c cutter -n __fish_use_subcommand -l version -d 'print the version'"""


def fish_script(verbs: Sequence[Verb]) -> str:
    """Return the script, to be sourced by fish."""
    return "\n".join([_HEAD, *(line for verb in verbs for line in _lines(verb))]) + "\n"


def _lines(verb: Verb) -> Iterator[str]:
    told = f"-a {verb.name} -d {_quoted(verb.summary)}"
    yield f"complete -c cutter -n __fish_use_subcommand {told}"
    for flag in verb.flags:
        yield _flag(verb, flag)
    valued = " ".join(spelling for flag in verb.flags if flag.takes for spelling in flag.spellings)
    for number, kind in enumerate(verb.places):
        yield f"complete -c cutter -n '__cutter_place {verb.name} {number} {valued}' {_action(kind)}"
    if verb.rest is not None:
        yield f"complete -c cutter -n '__cutter_place {verb.name} any' {_action(verb.rest)}"


def _flag(verb: Verb, flag: Flag) -> str:
    names = [f"-l {name[2:]}" if name.startswith("--") else f"-s {name[1:]}" for name in flag.spellings]
    takes = ""
    if flag.takes is not None:
        takes = f" {'-r' if flag.takes.source == 'file' else '-x'} {_action(flag.takes)}"
    shown = f"{' '.join(names)} -d {_quoted(flag.summary)}{takes}"
    return f"complete -c cutter -n '__fish_seen_subcommand_from {verb.name}' {shown}"


def _action(kind: Kind) -> str:
    if kind.words:
        return f"-a '{' '.join(kind.words)}'"
    files = {
        "yaml": "-a '(__fish_complete_suffix .yml)'",
        "file": "-F",
        "folder": "-a '(__fish_complete_directories)'",
        "none": "",
    }
    asking = "__cutter_several" if kind.listed else "__cutter_ask"
    return files.get(kind.source, f"-a '({asking} {kind.source})'")


def _quoted(text: str) -> str:
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"
