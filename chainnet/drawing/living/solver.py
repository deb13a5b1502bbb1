"""The solver of living pages: HiGHS compiled to WebAssembly, as it lies beside this module.

The files are those of the npm package ``highs`` 1.15.3 (``highs-1.15.3.tgz``, SHA-256
218533577886c69023739024bb92cfc2831ba45ff1fd1fd981753c04cded9793): ``LICENSE`` and ``build/highs.js`` unchanged,
``build/highs.wasm`` packed with gzip. They are part of this repository and of the wheel; nothing fetches them.
"""

from __future__ import annotations

import hashlib
from pathlib import Path

from chainnet.errors import DataError

FOLDER = Path(__file__).parent / "highs"
# SHA-256 of each file as it lies here
DIGESTS = {
    "LICENSE": "9f8d8dcf27789ac59c0d7c732d6682f148804a5e99d83e9f207d6c1882b98bfa",
    "highs.js": "0bd23843c9795753f2276e9901eb2a1e66288547b6bcba84fa0665dc037b5c7c",
    "highs.wasm.gz": "ad6134cb712b4eaad514ea87888ed9c218ad1d39a003aa82578ad8d0c28c2f36",
}
# of the program unpacked, which is build/highs.wasm of the package
PROGRAM_SHA256 = "528be4365bea1d4188988646b244263f50320df55782e14d6af5bce7cd45c840"


def solver_files() -> dict[str, bytes]:
    """Return the files of the solver by name: program (packed), script and licence.

    Raises
    ------
    DataError
        If a file is missing or is another one than chainnet ships: a page would run whatever stands there.
    """
    found: dict[str, bytes] = {}
    for name, expected in DIGESTS.items():
        try:
            data = (FOLDER / name).read_bytes()
        except OSError as err:
            why = err.strerror or err
            raise DataError(
                f"draw: live needs {FOLDER / name}, which cannot be read ({why}). Install chainnet again."
            ) from err
        digest = hashlib.sha256(data).hexdigest()
        if digest != expected:
            raise DataError(
                f"draw: {FOLDER / name} is not the file that chainnet ships: its SHA-256 is {digest}, expected "
                f"{expected}. Install chainnet again."
            )
        found[name] = data
    return found
