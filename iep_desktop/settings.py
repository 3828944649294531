"""The profile: the folder of one installation with its settings, ledger, spool, logs and window state.

Secrets are never here (they live in the keyring), patients' data neither.
"""

from __future__ import annotations

import base64
import getpass
import json
import os
import tempfile
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path
from typing import Any

from iep_desktop.core.errors import InvalidInput, Permanent

FORMAT = 1
"""Of settings.json. A profile of a higher format was made by a newer version and is left alone."""


@dataclass(frozen=True)
class Settings:
    """What an installation can set; the defaults are the guideline's."""

    hospital: str = "RWE"
    ledger_url: str = ""  # empty: the profile's own SQLite file
    user: str = ""  # empty: who is signed in to the computer
    issuer_of_patient_id: str = "RWE"
    hospital_numbers: str = (
        ""  # regular expression of our patients' numbers; empty: UHL's S number at UHL, else any
    )
    theme: str = "system"  # system, light, dark
    delivery_node: str = "UHLPACSWFM01"  # R-FORM
    connect_seconds: float = 10.0
    answer_seconds: float = 30.0  # for any DIMSE answer
    lease_seconds: float = 60.0
    retry_limit: int = 5
    retry_first_seconds: float = 5.0
    retry_longest_seconds: float = 900.0
    ledger_busy_seconds: float = 10.0
    keep_hours: bool = True  # R-TIME-4: standard transfers wait for the service's hours
    auto_download: tuple[
        str, ...
    ] = ()  # ODS of senders whose transfers are downloaded unasked (R-GATE-2 holds)
    listener_port: int = 0  # of our own Storage SCP, for C-MOVE and direct routing; 0: none
    tls_trusted: str = (
        ""  # PEM file of the authorities that sign nodes' certificates, or "system"; empty: no TLS
    )
    tls_certificate: str = ""  # PEM file of our own, for nodes that ask for it
    tls_key: str = ""  # PEM file of its key, without a password; readable by its owner only
    listener_ae: str = "IEPDESKTOP"
    listener_callers: tuple[tuple[str, str], ...] = ()  # AE title and address of each that may store to it
    direct_routing_silence_seconds: float = (
        60.0  # a study is complete when nothing of it has come for so long
    )
    network_way: str = "automatic"  # past the library where that was tried: automatic, direct, library
    commitment_wait_seconds: float = 60.0  # for a node's report, before other evidence counts
    trauma_hospital: str = "RX1"  # R-TRAUMA: where trauma patients' images go
    trauma_node: str = "NUH Radiology PACS"
    disc_folders: tuple[
        str, ...
    ] = ()  # every folder in these counts as a disc, for example copies on a share
    review_before_send: tuple[
        str, ...
    ] = ()  # hospitals' codes or nodes' names to which nothing goes unreviewed; * for all

    @property
    def user_name(self) -> str:
        return self.user or getpass.getuser()


class StateStore:
    """Window sizes, columns, splitters: opaque bytes by key, kept per user in one small file."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._values = _read_state(path)

    def load(self, key: str) -> bytes | None:
        text = self._values.get(key)
        return base64.b64decode(text) if text is not None else None

    def save(self, key: str, value: bytes) -> None:
        self._values[key] = base64.b64encode(value).decode("ascii")
        write_atomically(self._path, json.dumps(self._values))


def _read_state(path: Path) -> dict[str, str]:
    """A lost or damaged state file costs a window position, nothing else."""
    try:
        values = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError):
        return {}
    return {k: v for k, v in values.items() if isinstance(v, str)} if isinstance(values, dict) else {}


@dataclass(frozen=True)
class Profile:
    """An opened profile folder."""

    root: Path
    settings: Settings

    @property
    def ledger_url(self) -> str:
        return self.settings.ledger_url or f"sqlite:///{self.root / 'ledger.sqlite'}"

    @property
    def spool(self) -> Path:
        return self.root / "spool"

    @property
    def viewing(self) -> Path:
        """Thumbnails and fetched files, by transaction: emptied with its spool."""
        return self.root / "viewing"

    @property
    def logs(self) -> Path:
        return self.root / "logs"

    def state(self) -> StateStore:
        return StateStore(self.root / f"window-{getpass.getuser()}.json")

    def stored(self) -> Settings:
        """The settings as they are saved now: another window may have changed some since this profile was opened.

        Raises:
            Permanent, InvalidInput: they cannot be read.
        """
        return _read_settings(self.root)

    def with_settings(self, **changes: Any) -> Profile:
        """The profile with changed settings, saved; what others have changed meanwhile stays."""
        changed = replace(self.stored(), **changes)
        _write_settings(self.root, changed)
        return replace(self, settings=changed)


def default_folder() -> Path:
    """Where a profile lies when nobody says otherwise: IEP_PROFILE, else the platform's data folder."""
    chosen = os.environ.get("IEP_PROFILE")
    if chosen:
        return Path(chosen)
    import platformdirs

    return platformdirs.user_data_path("iep-desktop", appauthor=False)


def exists(root: Path) -> bool:
    return (root / "settings.json").is_file()


def create_profile(root: Path, settings: Settings) -> Profile:
    """Make the folder of a new installation, readable by its owner only.

    Raises:
        Permanent: the folder cannot be made or written.
        InvalidInput: a profile is there already.
    """
    if exists(root):
        raise InvalidInput("There is a profile in this folder already", str(root), "Choose another folder.")
    try:
        for folder in (root, root / "spool", root / "logs"):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise _not_writable(root, error) from error
    _write_settings(root, settings)
    return Profile(root, settings)


def open_profile(root: Path) -> Profile:
    """Open the folder of an installation.

    Raises:
        InvalidInput: there is none.
        Permanent: made by a newer version, damaged, or not writable.
    """
    settings = _read_settings(root)
    _check_writable(root)
    return Profile(root, settings)


def _read_settings(root: Path) -> Settings:
    path = root / "settings.json"
    try:
        document = json.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        raise InvalidInput(
            "There is no profile in this folder", str(root), "Make one with: iep-desktop init --hospital ODS"
        ) from None
    except OSError as error:
        raise Permanent("The settings cannot be read", str(error), "Check the folder's rights.") from error
    except ValueError as error:
        raise Permanent("The settings are damaged", str(error), f"Mend or remove {path}.") from error
    return _settings_of(document, path)


def _settings_of(document: Any, path: Path) -> Settings:
    if not isinstance(document, dict) or not isinstance(document.get("format"), int):
        raise Permanent("The settings are damaged", "No format number.", f"Mend or remove {path}.")
    if document["format"] > FORMAT:
        raise Permanent(
            "This profile was made by a newer version of the program",
            f"Its settings have format {document['format']}, this version knows {FORMAT}.",
            "Start the newer version, or use another profile folder.",
        )
    known = {field.name for field in fields(Settings)}
    values: dict[str, Any] = {key: value for key, value in document.items() if key in known}
    for name in ("disc_folders", "auto_download", "review_before_send"):
        values[name] = tuple(values.get(name, ()))
    values["listener_callers"] = tuple(tuple(entry) for entry in values.get("listener_callers", ()))
    return Settings(**values)


def _check_writable(root: Path) -> None:
    try:
        for folder in (root / "spool", root / "logs"):
            folder.mkdir(mode=0o700, exist_ok=True)
        with tempfile.TemporaryFile(dir=root):
            pass
    except OSError as error:
        raise _not_writable(root, error) from error


def _not_writable(root: Path, error: OSError) -> Permanent:
    reason = error.strerror or type(error).__name__
    return Permanent(
        "The profile folder cannot be written", f"{root}: {reason}.", "Choose another with --profile."
    )


def _write_settings(root: Path, settings: Settings) -> None:
    text = json.dumps({"format": FORMAT, **asdict(settings)}, indent=2)
    try:
        write_atomically(root / "settings.json", text)
    except OSError as error:
        raise _not_writable(root, error) from error


def write_atomically(path: Path, text: str) -> None:
    """Write a small text file so that a reader, or a power cut, sees the old or the new one whole."""
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
