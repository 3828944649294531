"""`python -m iep_desktop.demo`: `where` makes the demo and says where it lies; `nodes FOLDER` serves its nodes,
`partner FOLDER ODS` plays a hospital beside it."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from iep_desktop.core.errors import IepError


def main(arguments: list[str]) -> int:
    match arguments:
        case ["nodes", folder]:
            from iep_desktop.demo.nodes import serve

            return serve(Path(folder))
        case ["partner", folder, ods]:
            from iep_desktop.demo.partners import run

            return run(Path(folder), ods)
        case ["where", *folder] if len(folder) <= 1:
            return _where(Path(folder[0]) if folder else None)
    print(
        "usage: python -m iep_desktop.demo where [FOLDER] | nodes FOLDER | partner FOLDER ODS",
        file=sys.stderr,
    )
    return 2


def _where(folder: Path | None) -> int:
    from iep_desktop.demo import open_demo

    with open_demo(folder) as demo:
        print(json.dumps({"profile": str(demo.root), "discs": str(demo.discs)}))
    return 0


if __name__ == "__main__":
    try:
        code = main(sys.argv[1:])
    except IepError as error:
        print(error, file=sys.stderr)
        code = 4
    sys.exit(code)
