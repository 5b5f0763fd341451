"""``openmodels completions``: what a shell needs to complete commands, flags, words and ids."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated

import typer

VARIABLE = "_OPENMODELS_COMPLETE"
"""Set by the scripts: the program then says what completes a line, and does nothing else."""


class Shell(StrEnum):
    """The shells that there is a script for."""

    BASH = "bash"
    ZSH = "zsh"
    FISH = "fish"


_BASH = """\
# Completions of openmodels for bash.
_openmodels() {
    local line
    COMPREPLY=()
    while IFS= read -r line; do
        [[ -n $line ]] && COMPREPLY+=("$line")
    done < <(env COMP_WORDS="${COMP_WORDS[*]}" COMP_CWORD="$COMP_CWORD" \\
        _OPENMODELS_COMPLETE=complete_bash "$1" 2>/dev/null)
}
complete -o bashdefault -o default -F _openmodels openmodels
"""
_ZSH = """\
#compdef openmodels
# Completions of openmodels for zsh.
_openmodels() {
    local -a found
    local line tab=$'\\t'
    for line in "${(@f)$(env _OPENMODELS_COMPLETE=complete_fish _TYPER_COMPLETE_FISH_ACTION=get-args \\
        _TYPER_COMPLETE_ARGS="${words[1,$CURRENT]}" openmodels 2>/dev/null)}"; do
        if [[ -n $line ]]; then
            # A colon divides what is completed from what is said of it.
            line=${line//:/\\\\:}
            found+=("${line//$tab/:}")
        fi
    done
    if (( ${#found} )); then
        _describe openmodels found
    else
        _files
    fi
}
if [[ ${funcstack[1]} == _openmodels ]]; then
    _openmodels "$@"
else
    compdef _openmodels openmodels
fi
"""
_FISH = """\
# Completions of openmodels for fish.
function __openmodels_find
    set -g __openmodels_found (env _OPENMODELS_COMPLETE=complete_fish _TYPER_COMPLETE_FISH_ACTION=get-args \\
        _TYPER_COMPLETE_ARGS=(commandline -cp | string collect) openmodels 2>/dev/null \\
        | string match -v -- '')
    test (count $__openmodels_found) -gt 0
end
complete --command openmodels --no-files --condition __openmodels_find \\
    --arguments '(printf "%s\\n" $__openmodels_found)'
"""
SCRIPTS: Mapping[Shell, str] = {Shell.BASH: _BASH, Shell.ZSH: _ZSH, Shell.FISH: _FISH}


def register(app: typer.Typer) -> None:
    """Add the command to ``app``."""
    app.command("completions")(completions)


def completions(
    shell: Annotated[Shell, typer.Argument(help="For which shell.", show_default=False)],
) -> None:
    """Print a script that completes commands, flags and ids.

    \b
    bash:  openmodels completions bash > ~/.local/share/bash-completion/completions/openmodels
           or, in ~/.bashrc: source <(openmodels completions bash)
    zsh:   openmodels completions zsh > ~/.zfunc/_openmodels
           and in ~/.zshrc, before compinit: fpath+=~/.zfunc
    fish:  openmodels completions fish > ~/.config/fish/completions/openmodels.fish

    Ids are those of the server that --api-url, OPENMODELS_API_URL or ~/.openmodelsrc names, kept for an hour;
    after --local, those of the registry's files.
    """
    typer.echo(SCRIPTS[shell], nl=False)


def completed_command(environ: Mapping[str, str]) -> str | None:
    """The command of the line that is completed; empty where that is what is completed."""
    if not environ.get(VARIABLE):
        return None
    if environ[VARIABLE] == "complete_bash":
        words = environ.get("COMP_WORDS", "").split()
        whole = int(environ.get("COMP_CWORD", "0"))
    else:
        line = environ.get("_TYPER_COMPLETE_ARGS", "")
        words = line.split()
        whole = len(words) - (not line.endswith(" "))
    return words[1] if whole > 1 else ""
