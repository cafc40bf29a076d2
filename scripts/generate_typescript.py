"""Write the TypeScript that follows from Python: labextension/src/protocol.ts and tables.ts.

python scripts/generate_typescript.py            write the files
python scripts/generate_typescript.py --check    exit 1 if one is stale
"""

from __future__ import annotations

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT / "engine"), str(ROOT / "kernel_ext")]  # this tree, whichever one is installed

from typescript_protocol import protocol_text  # noqa: E402
from typescript_tables import tables_text  # noqa: E402

FILES = {
    ROOT / "labextension/src/protocol.ts": protocol_text,
    ROOT / "labextension/src/tables.ts": tables_text,
}


def main(arguments: list[str]) -> int:
    stale = []
    for path, text in FILES.items():
        if "--check" not in arguments:
            path.write_text(text(), encoding="utf-8")
        elif not path.is_file() or path.read_text(encoding="utf-8") != text():
            stale.append(path.name)
    if stale:
        print(f"Stale: {', '.join(stale)}. Run: python scripts/generate_typescript.py", file=sys.stderr)
    return 1 if stale else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
