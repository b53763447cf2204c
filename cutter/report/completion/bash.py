"""The completion script for bash."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from shlex import quote

from cutter.report.completion.words import WORDS_VERB, Kind, Verb

_BODY = """\
# Completion of cutter for bash. Load it with:  source <(cutter completion bash)
_cutter_value() {{ # VERB FLAG: what the flag takes, if anything
    case "$1 $2" in
{values}
    esac
}}
_cutter_place() {{ # VERB NUMBER: what stands in this place
    case "$1 $2" in
{places}
    esac
}}
_cutter_flags() {{ # VERB
    case "$1" in
{flags}
    esac
}}
_cutter_ask() {{ # KIND: cutter is asked, about the environment and the runbooks that the line names
    "$program" {words} "$1" "${{context[@]}}" 2>/dev/null
}}
_cutter_offer() {{ # KIND
    case "$1" in
    list:*) COMPREPLY=($(compgen -W "${{1#list:}}" -- "$cur")) ;;
    yaml) compopt -o filenames
        COMPREPLY=($(compgen -f -X '!*.yml' -- "$cur") $(compgen -f -X '!*.yaml' -- "$cur")
            $(compgen -d -- "$cur")) ;;
    file) compopt -o filenames; COMPREPLY=($(compgen -f -- "$cur")) ;;
    folder) compopt -o filenames; COMPREPLY=($(compgen -d -- "$cur")) ;;
    ask:*) COMPREPLY=($(compgen -W "$(_cutter_ask "${{1#ask:}}")" -- "$cur")) ;;
    several:*) local open=${{cur#[\\'\\"]}} # what stands before the last comma or ! stays
        local last=${{open##*[,!]}}
        COMPREPLY=($(compgen -P "${{open%"$last"}}" -W "$(_cutter_ask "${{1#several:}}")" -- "$last")) ;;
    esac
}}
_cutter() {{
    local IFS=$' \\t\\n' program=${{COMP_WORDS[0]}} cur=${{COMP_WORDS[COMP_CWORD]}}
    local verb= place=0 flag= word at
    local -a context=()
    COMPREPLY=()
    for ((at = 1; at < COMP_CWORD; at++)); do
        word=${{COMP_WORDS[at]}}
        if [[ $word == = ]]; then # bash takes words apart there; what follows is a flag's, or unknown
            flag=${{flag:-=}}
        elif [[ -n $flag ]]; then
            [[ $flag == -i || $flag == --inventory ]] && context+=(-i "$word")
            flag=
        elif [[ $word == -* ]]; then
            [[ -n $(_cutter_value "$verb" "$word") ]] && flag=$word
        elif [[ -z $verb ]]; then
            verb=$word
        else
            [[ $word == *.yml || $word == *.yaml ]] && context+=("$word")
            place=$((place + 1))
        fi
    done
    [[ $cur == = ]] && cur= flag=${{flag:-=}}
    if [[ -n $flag ]]; then
        _cutter_offer "$(_cutter_value "$verb" "$flag")"
    elif [[ $cur == -* ]]; then
        COMPREPLY=($(compgen -W "$(_cutter_flags "$verb")" -- "$cur"))
    elif [[ -z $verb ]]; then
        COMPREPLY=($(compgen -W {verbs} -- "$cur"))
    else
        _cutter_offer "$(_cutter_place "$verb" "$place")"
    fi
}}
complete -F _cutter cutter
"""


def bash_script(verbs: Sequence[Verb]) -> str:
    """Return the script, to be sourced by bash 4 or newer."""
    return _BODY.format(
        values="\n".join(_values(verbs)),
        places="\n".join(_places(verbs)),
        flags="\n".join(_flags(verbs)),
        verbs=quote(" ".join(verb.name for verb in verbs)),
        words=WORDS_VERB,
    )


def _values(verbs: Sequence[Verb]) -> Iterator[str]:
    for verb in verbs:
        for flag in verb.flags:
            if flag.takes is not None:
                patterns = "|".join(quote(f"{verb.name} {spelling}") for spelling in flag.spellings)
                yield f"    {patterns}) echo {quote(_told(flag.takes))} ;;"


def _places(verbs: Sequence[Verb]) -> Iterator[str]:
    for verb in verbs:
        for number, kind in enumerate(verb.places):
            yield f"    {quote(f'{verb.name} {number}')}) echo {quote(_told(kind))} ;;"
        if verb.rest is not None:
            yield f"    {quote(f'{verb.name} ')}*) echo {quote(_told(verb.rest))} ;;"


def _flags(verbs: Sequence[Verb]) -> Iterator[str]:
    for verb in verbs:
        words = " ".join(spelling for flag in verb.flags for spelling in flag.spellings)
        yield f"    {verb.name}) echo {quote(words)} ;;"
    yield "    *) echo '--help --version' ;;"


def _told(kind: Kind) -> str:
    if kind.words:
        return "list:" + " ".join(kind.words)
    if kind.listed:
        return f"several:{kind.source}"
    return f"ask:{kind.source}" if kind.asked else kind.source
