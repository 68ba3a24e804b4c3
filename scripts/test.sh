#!/bin/sh
# Sets everything up and runs every check and test. Needs Python 3.11+ with its venv module, and nothing else.
#
#   PYTHON=python3.13 VENV=.venv-3.13 sh scripts/test.sh    another interpreter, in an environment of its own
#   RETOLD_REQUIRE_SERVICES=1 sh scripts/test.sh            a missing service fails tests instead of skipping them
set -eu
cd "$(dirname "$0")/.."
python=${PYTHON:-python3}
venv=${VENV:-.venv}

if ! "$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))'; then
    echo "Retold needs Python 3.11 or later, and $python is $("$python" -V): set PYTHON to another" >&2
    exit 2
fi

# Tests begin hundreds of processes, which are not each to compile all that they import.
unset PYTHONDONTWRITEBYTECODE

say() { printf '\n== %s\n' "$*"; }

say "environment in $venv"
[ -x "$venv/bin/python" ] || "$python" -m venv "$venv"
bin=$venv/bin
"$bin/python" -m pip install --quiet --upgrade 'pip>=25.1'   # the first that knows dependency groups
"$bin/python" -m pip install --quiet --editable '.[all]' --group dev

say "services"
missing=
command -v prometheus >/dev/null && command -v promtool >/dev/null || missing="$missing prometheus"
command -v prometheus-alertmanager >/dev/null && command -v amtool >/dev/null || missing="$missing prometheus-alertmanager"
command -v victoria-metrics >/dev/null && command -v vmalert >/dev/null || missing="$missing victoria-metrics"
command -v valgrind >/dev/null || missing="$missing valgrind"
command -v tmux >/dev/null || missing="$missing tmux"
if [ -n "$missing" ]; then
    if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
        apt-get update -qq
        # The tests start servers of their own; the package's service has no need to run.
        # shellcheck disable=SC2086
        SYSTEMD_OFFLINE=1 DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $missing
    else
        echo "Not here:$missing. The tests that need it are left out. To have them:"
        echo "    sudo apt-get install$missing"
    fi
fi
# A receiver of OTLP, which needs other versions than ours of what it shares with us.
agent=ddapm-test-agent==1.69.1
if [ "$(cat .venv-services/agent 2>/dev/null)" != "$agent" ]; then
    "$python" -m venv --clear .venv-services
    .venv-services/bin/python -m pip install --quiet --disable-pip-version-check "$agent"
    echo "$agent" > .venv-services/agent
fi
command -v prometheus && prometheus --version 2>&1 | head -n 1

say "format and lint"
"$bin/ruff" format --check .
"$bin/ruff" check .

say "types"
# Side by side, for neither keeps more than one processor busy.
"$bin/mypy" & mypy=$!
pyright=well
"$bin/pyright" --pythonpath "$bin/python" || pyright=failed
wait "$mypy"
[ $pyright = well ]
# As users' own checkers see us: what they are promised is in tests/typing.
"$bin/ty" check --quiet --error-on-warning --python "$venv" tests/typing

say "imports"
"$bin/lint-imports" --no-logo 2>/dev/null || "$bin/lint-imports"

say "tests"
rm -f .coverage .coverage.*
# Several processes: many tests wait for servers of their own. Those of one file share theirs.
"$bin/coverage" run -m pytest -n auto --dist loadfile --no-loadscope-reorder --durations 20 "$@"
say "tests of wrappers, once more with wrappers that take any arguments"
# Nothing is left for coverage to find, which would only slow them down.
"$bin/python" -m pytest -q -n auto --dist loadfile --no-loadscope-reorder --any-signature \
    --ignore-glob 'tests/runners/test_memory_*' \
    tests/core tests/runners tests/wrapper tests/test_policy.py tests/test_contract.py
say "coverage"
"$bin/coverage" combine --quiet
"$bin/coverage" report
