#!/bin/sh
# Makes this folder runnable: a Python environment, the locked packages, the screen assets. Called by make.
#   setup.sh run        what `make run` needs
#   setup.sh test       and what tests, checks and benches need
#   setup.sh browsers   a Chromium for the browser tests, where it may be installed
# Every step leaves a stamp when it is complete, so a second call takes moments and one cut short is mended by the next.
set -eu
cd "$(dirname "$0")"
unset PYTHONPATH PYTHONHOME PYTHONDONTWRITEBYTECODE

UNUSED_OF_RAY="rllib|data|train|tune|serve|llm|air|cloudpickle|autoscaler/aws"

say() { printf '%s\n' "$*"; }
stop() { printf '\n%s\n' "$*" >&2; exit 2; }
key() { { cat "$@"; pwd; } | cksum; }
done_before() { [ "$(cat "$1" 2>/dev/null)" = "$2" ]; }

find_python() {
    bare=""
    for python in ${PYTHON:-} python3.14 python3.13 python3.12 python3.11 python3 \
        /usr/bin/python3 /usr/local/bin/python3 /opt/homebrew/bin/python3; do
        "$python" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 15))' 2>/dev/null || continue
        if "$python" -c 'import ensurepip, venv' 2>/dev/null; then return; fi
        bare="$python"
    done
    [ -z "$bare" ] || stop "$($bare --version) is here, but without its venv module. Install that (Debian and Ubuntu: apt-get install python3-venv) and run make again."
    stop "Onhand needs Python 3.11 to 3.14 and found none that you can run. Install one, or name it: make PYTHON=/path/to/python3 run"
}

make_environment() {
    if [ -e .venv/unfinished ] || { [ -e .venv ] && ! .venv/bin/python -c '' 2>/dev/null; } ||
        { [ -e .venv ] && ! done_before .venv/place "$(pwd)"; }; then
        say "The Python environment is not complete or was moved: making it again."
        rm -rf .venv
    fi
    [ ! -d .venv ] || return 0
    find_python
    say "(1 of 4) Making a Python environment with $($python --version)…"
    mkdir .venv
    : > .venv/unfinished
    logged "$python" -m venv .venv
    pwd > .venv/place
    rm .venv/unfinished
}

install_packages() {
    done_before .venv/stamp-test "$(key requirements.lock requirements-dev.lock)" && return
    if [ "$1" = test ]; then
        lock=requirements-dev.lock stamp=.venv/stamp-test now=$(key requirements.lock requirements-dev.lock)
    else
        lock=requirements.lock stamp=.venv/stamp-run now=$(key requirements.lock)
    fi
    done_before "$stamp" "$now" && return
    say "(2 of 4) Installing $(grep -c '==' "$lock") Python packages, about a minute…"
    : > .venv/unfinished
    logged .venv/bin/python -m pip install --quiet --no-deps --no-compile --require-hashes -r "$lock"
    rm -f .venv/stamp-project
    printf '%s\n' "$now" > "$stamp"
    rm .venv/unfinished
    compile_meanwhile &
}

# pip would compile every file, one after the other, while we wait. This takes all cores, what we use, and the time of
# the next steps; a file left out is compiled when it is first imported.
compile_meanwhile() {
    .venv/bin/python -m compileall -q -j 0 -x "/ray/($UNUSED_OF_RAY)/|/tests?/|/pip/" .venv/lib > /dev/null 2>&1 || true
}

install_project() {
    now=$(key pyproject.toml)
    done_before .venv/stamp-project "$now" && return
    say "(3 of 4) Installing Onhand itself…"
    logged .venv/bin/python -m pip install --quiet --no-deps --no-index --no-build-isolation --config-settings editable_mode=compat -e .
    printf '%s\n' "$now" > .venv/stamp-project
}

build_assets() {
    .venv/bin/python -m app.assets
}

# Runs a command with its talk in a log, which is shown when it fails.
logged() {
    mkdir -p .stamps
    "$@" > .stamps/setup.log 2>&1 || {
        tail -n 25 .stamps/setup.log >&2
        stop "That step failed: $*. All it said is in .stamps/setup.log; run make again to go on from here."
    }
}

# Two makes at once take turns.
take_turn() {
    mkdir -p .stamps 2>/dev/null && [ -w .stamps ] && [ -w . ] || stop "You cannot write in $(pwd): clone it into a folder of yours."
    command -v flock >/dev/null || return 0
    exec 9> .stamps/setup.lock
    flock -n 9 || { say "Waiting for another make that sets up this folder…"; flock 9; }
}

browsers() {
    for name in chromium chromium-browser google-chrome; do
        ! command -v "$name" >/dev/null || return 0
    done
    if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
        say "Installing Chromium for the browser tests…"
        { apt-get update && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends chromium; } > .stamps/browsers.log 2>&1 && return
        tail -n 5 .stamps/browsers.log >&2
    fi
    say ""
    say "**************************************************************************************"
    say "*  There is no Chromium here and none may be installed: BROWSER TESTS WILL BE SKIPPED.  *"
    say "*  As root on Debian: apt-get install chromium                                          *"
    say "**************************************************************************************"
    say ""
}

take_turn
case "${1:-run}" in
    run | test)
        make_environment
        install_packages "${1:-run}"
        install_project
        build_assets
        wait
        ;;
    browsers) browsers ;;
    *) stop "setup.sh knows run, test and browsers." ;;
esac
