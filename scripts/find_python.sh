#!/bin/sh
# Prints the first Python that is new enough; says what to do when there is none.
# 3.11 comes first: it is what the dependencies were tried with.
for python in ${PYTHON:-} python3.11 python3 python3.12 python3.13 python; do
    if "$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
        command -v "$python"
        exit 0
    fi
done
echo "layerlab needs Python 3.11 or newer, and found none." >&2
echo "Fix: install it (python.org, your package manager, pyenv, uv), or name it: make PYTHON=/path/to/python3.11 ..." >&2
exit 1
