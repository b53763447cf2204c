"""The completion script for zsh."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from shlex import quote

from cutter.report.completion.words import WORDS_VERB, Kind, Verb

_BODY = """\
#compdef cutter
# Completion of cutter for zsh. Load it with:  source <(cutter completion zsh)
_cutter_ask() {{ # KIND: cutter is asked, about the environment and the runbooks that the line names
    local -a context found
    local at=1
    for ((at = 1; at < $#words; at++)); do
        case $words[at] in
        -i|--inventory) context+=(-i "${{(Q)words[at+1]}}") ;;
        --inventory=*) context+=("${{(Q)words[at]}}") ;;
        *.yml|*.yaml) context+=("${{(Q)words[at]}}") ;;
        esac
    done
    found=(${{(f)"$(${{(Q)_cutter_program}} {words} $1 $context 2>/dev/null)"}})
    compadd -a found
}}
_cutter_several() {{ # KIND: what stands before the last comma or ! stays
    compset -P '*[,!]' && [[ -z $compstate[quote] ]] && IPREFIX=${{(q)IPREFIX}}
    _cutter_ask $1
}}
_cutter() {{
    local curcontext=$curcontext state line
    local _cutter_program=$words[1]
    local -a verbs=(
{verbs}
    )
    _arguments -C '(- *)--help[show help]' '(- *)--version[print the version]' \\
        '1:verb:->verb' '*::word:->word'
    case $state in
    verb) _describe verb verbs ;;
    word)
        case $words[1] in
{cases}
        esac ;;
    esac
}}
if [[ $zsh_eval_context[-1] == loadautofunc ]]; then
    _cutter "$@"
else
    (( $+functions[compdef] )) || {{ autoload -U compinit && compinit; }}
    compdef _cutter cutter
fi
"""


def zsh_script(verbs: Sequence[Verb]) -> str:
    """Return the script, to be sourced by zsh or put into its `fpath` as `_cutter`."""
    named = [f"        {quote(f'{verb.name}:{verb.summary}')}" for verb in verbs]
    cases = [f"        {verb.name}) _arguments {' '.join(_specs(verb))} ;;" for verb in verbs]
    return _BODY.format(verbs="\n".join(named), cases="\n".join(cases), words=WORDS_VERB)


def _specs(verb: Verb) -> Iterator[str]:
    for flag in verb.flags:
        takes = f":value:{_action(flag.takes)}" if flag.takes is not None else ""
        for spelling in flag.spellings:
            joined = "=" if takes and spelling.startswith("--") else ""
            yield quote(f"*{spelling}{joined}[{_escaped(flag.summary)}]{takes}")
    for number, kind in enumerate(verb.places, start=1):
        yield quote(f"{number}:word:{_action(kind)}")
    if verb.rest is not None:
        yield quote(f"*:word:{_action(verb.rest)}")


def _action(kind: Kind) -> str:
    if kind.words:
        return f"({' '.join(kind.words)})"
    files = {"yaml": '_files -g "*.(yml|yaml)"', "file": "_files", "folder": "_files -/", "none": " "}
    # the space: without it, zsh puts words of its own between the function and the kind
    return files.get(kind.source) or f" _cutter_{'several' if kind.listed else 'ask'} {kind.source}"


def _escaped(summary: str) -> str:
    return re.sub(r"([\[\]:\\])", r"\\\1", summary)
