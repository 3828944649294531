"""Every kind of file on both ways through the program, compared with its source element by element.

The files are those that pydicom brings along, those of `tests/data`, and made ones of the odd kinds; with
IEP_DICOM_DATA those of a folder of one's own. Real archives stand at either end. What they make of a file themselves
(they write lengths anew) is known from a copy that went there without us: every difference that is left is ours, and
another transfer syntax is one, for an archive decodes only what we do not propose.
"""

from __future__ import annotations

import os
import shutil
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import date
from io import BytesIO
from pathlib import Path

import pydicom.data
import pytest
from pydicom import dcmread
from pydicom.datadict import dictionary_VR
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.filebase import DicomFileLike
from pydicom.filewriter import write_file_meta_info
from pydicom.tag import BaseTag
from pydicom.uid import UID

from iep_desktop.core.drafts import TransactionDraft, TransferPart
from iep_desktop.core.errors import IepError
from iep_desktop.core.forms import parse_form
from iep_desktop.core.imports import ImportOrder
from iep_desktop.core.job import Context
from iep_desktop.core.medium import MediumContents, MediumPatient
from iep_desktop.core.model import Node
from iep_desktop.core.transaction import InstanceState, Transaction, TransactionType
from iep_desktop.dicom import scu
from iep_desktop.dicom.fastsocket import Limits
from iep_desktop.dicom.reconcile import CHANGED, coerce_file
from iep_desktop.dicom.sendfile import send_file
from iep_desktop.workers.desk import Desk
from iep_desktop.workers.discs import Discs
from iep_desktop.workers.imports import all_series
from iep_desktop.workers.retrieving import instance_of
from tests.dicom.comparing import INTENDED, coercion, differing, read, tags
from tests.fakes.odd_kinds import Kind, guessed_syntax, kinds_of, odd_files
from tests.peers import Orthanc
from tests.two_hospitals import THEM, US, Pair, four_archives, pair_over

OURS = Path(__file__).resolve().parent.parent / "data"
GIVEN = os.environ.get("IEP_DICOM_DATA", "")
SMALLEST = 130  # files of our own set that come all the way, at least
PADDING = (b"\xfc\xff\xfc\xff", b"\xff\xfc\xff\xfc")
"""Data Set Trailing Padding (PS3.10 7.2), which means nothing and which DCMTK leaves out where it sends."""

SILENCE = Limits(dimse=5.0)
"""Orthanc says nothing at all to a data set that it cannot read."""
PIXEL_REPRESENTATION, TRAILING_PADDING = 0x00280103, 0xFFFCFFFC
Place = tuple[int, ...]  # tag, number of the item, tag …


@dataclass
class Report:
    """How far the files came."""

    files: int = 0
    refused: Counter[str] = field(default_factory=Counter)
    kinds: Counter[Kind] = field(default_factory=Counter)
    forwarded: int = 0
    imported: int = 0

    def __str__(self) -> str:
        lines = [f"{self.files} files; {self.forwarded} forwarded, {self.imported} imported, of these"]
        lines += [f"{number:4} with {kind}" for kind, number in sorted(self.kinds.items())]
        return "\n".join([*lines, *(f"{number:4} not taken: {why}" for why, number in self.refused.items())])


def _candidates(folder: Path) -> list[Path]:
    if GIVEN:
        return sorted(path for path in Path(GIVEN).rglob("*") if path.is_file())
    shipped = Path(pydicom.data.__file__).parent
    roots = (shipped / "test_files", shipped / "charset_files", OURS)
    return [*odd_files(folder / "odd"), *sorted(p for r in roots for p in r.rglob("*") if p.is_file())]


@dataclass
class Sources:
    """The files on a medium, each under a UID of its own."""

    folder: Path
    by_uid: dict[str, Path] = field(default_factory=dict)

    def add(self, path: Path) -> None:
        """A copy; where another file has its UID already, with another of the same length.

        Raises:
            ValueError: it is no instance.
        """
        uid, data = _uid_of(path), path.read_bytes()
        target = self.folder / f"{len(self.by_uid):04}"
        if uid in self.by_uid:
            uid, data = self._anew(uid, data)
        target.write_bytes(data)
        if uid in self.by_uid or _uid_of(target) != uid:
            target.unlink()
            raise ValueError("another file has its UID, which cannot be changed in place")
        self.by_uid[uid] = target

    def _anew(self, uid: str, data: bytes) -> tuple[str, bytes]:
        for no in range(1000, 10_000):
            new = f"{uid[:-4].rstrip('.')}{no}".ljust(len(uid), "7")
            if new not in self.by_uid and len(new) == len(uid):
                return new, data.replace(uid.encode(), new.encode())
        return uid, data


def _uid_of(path: Path) -> str:
    try:
        ds = dcmread(
            path, force=True, specific_tags=["SOPClassUID", "SOPInstanceUID", "DirectoryRecordSequence"]
        )
        if "DirectoryRecordSequence" in ds or not ds.SOPClassUID:
            raise ValueError("no instance")
        return str(ds.SOPInstanceUID)
    except Exception as error:  # whatever pydicom makes of what is none
        raise ValueError("no instance") from error


@pytest.fixture(scope="module")
def pair_and_archives(
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[tuple[Pair, dict[str, Orthanc]]]:
    folder = tmp_path_factory.mktemp("bytes")
    with four_archives(folder / "archives") as archives:
        yield pair_over(folder, archives), archives


@pytest.mark.timeout(900)
def test_only_what_we_mean_to_change_differs_at_the_end_of_either_way(
    pair_and_archives: tuple[Pair, dict[str, Orthanc]], tmp_path: Path
) -> None:
    pair, archives = pair_and_archives
    report = Report()
    sources = _sources(tmp_path, report)
    alone = _stored_without_us(pair.them.node, archives["their pacs"], sources, tmp_path, report)

    forwarded = _forwarded(pair, archives["their pacs"], alone)
    for uid in forwarded:
        before, after = (archives[name].file(uid) for name in ("their pacs", "our gateway"))
        assert _same(before, after, tmp_path), sources.by_uid[uid].name
    report.forwarded = len(forwarded)

    imported = _imported(pair, sources, alone, tmp_path)
    for uid in imported:
        before, after = (_elements(archives[name].file(uid)) for name in ("their pacs", "our pacs"))
        differ = {place[0] for place in before.keys() | after.keys() if before.get(place) != after.get(place)}
        assert differ <= CHANGED, sources.by_uid[uid].name
        assert after[0x00100020,] == b"S999111 "
        report.kinds.update(kinds_of(sources.by_uid[uid]))
    report.imported = len(imported)
    print(report)
    assert set(forwarded) == set(imported) == set(alone)
    if not GIVEN:
        assert len(alone) >= SMALLEST
        assert set(report.kinds) == set(Kind)


def test_only_what_we_mean_to_change_differs_in_a_coerced_file(tmp_path: Path) -> None:
    """Byte for byte, with no archive in between: also what no archive takes."""
    report = Report()
    sources = _sources(tmp_path, report)
    for path in sources.by_uid.values():
        try:
            coerce_file(path, tmp_path / "coerced.dcm", coercion())
        except IepError as error:
            report.refused[error.title] += 1
            continue
        assert differing(read(path), read(tmp_path / "coerced.dcm")) <= INTENDED, path.name
        report.imported += 1
        report.kinds.update(kinds_of(path))
    print(report)
    assert report.imported > 0.9 * len(sources.by_uid)
    assert GIVEN or set(report.kinds) == set(Kind)


def _sources(folder: Path, report: Report) -> Sources:
    medium = folder / "medium"
    medium.mkdir()
    sources = Sources(medium)
    for path in _candidates(folder):
        report.files += 1
        try:
            sources.add(path)
        except ValueError as error:
            report.refused[str(error)] += 1
    return sources


# -- the ways


def _stored_without_us(
    node: Node, archive: Orthanc, sources: Sources, folder: Path, report: Report
) -> list[str]:
    """What the archive takes, and holds then, of the files as they are."""
    copies = {uid: _fit_to_send(path, folder / f"{path.name}.dcm") for uid, path in sources.by_uid.items()}
    for path in copies.values():
        try:
            with scu.open_store(node, [scu.read_pair(path)], Context(), limits=SILENCE) as session:
                outcome = session.store(path)
        except IepError as error:
            report.refused[f"{error.title}: {error.message}"] += 1
            continue
        if not outcome.stored:
            report.refused[f"by the archive: {outcome.text}"] += 1
    held = set(archive.sop_instance_uids())
    return [uid for uid in copies if uid in held]


def _fit_to_send(path: Path, target: Path) -> Path:
    """The same data set behind a meta header that says what it is, and of even length: what has no header, or
    another image's, as some programs that hide names leave it, cannot be sent as it is."""
    data = path.read_bytes()
    ds = dcmread(path, force=True, stop_before_pixels=True)
    if data[128:132] != b"DICM":
        data = _meta(ds, guessed_syntax(dcmread(path, force=True))) + data
    elif ds.file_meta.get("MediaStorageSOPInstanceUID") != ds.SOPInstanceUID:
        data = _meta(ds, ds.file_meta.TransferSyntaxUID) + data[send_file(path).offset :]
    target.write_bytes(data)
    odd = (len(data) - send_file(target).offset) % 2
    target.write_bytes(data + b"\0" * odd)
    return target


def _meta(ds: Dataset, transfer_syntax_uid: str) -> bytes:
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID, meta.MediaStorageSOPInstanceUID = ds.SOPClassUID, ds.SOPInstanceUID
    meta.TransferSyntaxUID = UID(transfer_syntax_uid)
    head = BytesIO()
    write_file_meta_info(DicomFileLike(head), meta, enforce_standard=True)
    return bytes(128) + b"DICM" + head.getvalue()


def _studies(archive: Orthanc) -> list[str]:
    return sorted({study["MainDicomTags"]["StudyInstanceUID"] for study in archive.rest("/studies?expand")})


def _forwarded(pair: Pair, archive: Orthanc, uids: list[str]) -> list[str]:
    """By the parts of an upload that move images. Its gate stays aside: it sends one patient's images only."""
    with pair.them.desk() as desk:
        upload = desk.legs.upload
        node = upload.pacs_node("RX1 PACS")
        held = upload.retrieving.held(node, _studies(archive), Context())
        listed = tuple(instance_of(one) for one in held if one.sop_instance_uid in set(uids))
        transaction = _transfer(desk, pair)
        desk.ledger.exchange.list_instances(transaction.id, listed)
        instances = desk.ledger.transactions.instances(transaction.id)
        upload.retrieving.fetch(transaction, node, instances, Context())
        came = desk.ledger.transactions.instances(transaction.id, frozenset({InstanceState.SPOOLED}))
        upload.sending.send(transaction, came, Context())
        upload.verifying.verify(transaction, Context())
        return _verified(desk, transaction)


def _transfer(desk: Desk, pair: Pair) -> Transaction:
    form = parse_form(pair.them.export_form(US).read_bytes())
    return desk.ledger.transactions.create(
        TransactionDraft(
            TransactionType.TRANSFER,
            THEM,
            US,
            form.priority,
            form,
            "test",
            node="RWE GATE",
            transfer=TransferPart(),
        )
    )


def _imported(pair: Pair, sources: Sources, uids: list[str], folder: Path) -> list[str]:
    """By a whole import, as if all were one patient's: its gate compares the patient with the form."""
    disc = folder / "disc"
    disc.mkdir()
    for uid in uids:
        shutil.copy(sources.by_uid[uid], disc / sources.by_uid[uid].name)
    with pair.us.desk() as desk:
        contents = _of_one_patient(Discs().read(str(disc), Context(), lambda _: None))
        (patient,) = contents.patients
        order = ImportOrder(
            parse_form(pair.us.form(hospital=THEM).read_bytes()), contents, patient, all_series(patient),
            registered_by="test", everything_reason="every kind of file",
        )  # fmt: skip
        transaction = desk.imports.create(order, desk.imports.assess(order, Context()))
        pair.us.work()
        return _verified(desk, transaction)


def _of_one_patient(contents: MediumContents) -> MediumContents:
    studies = tuple(study for patient in contents.patients for study in patient.studies)
    anna = MediumPatient(
        "N9990001", name="TESTING^ANNA", birth_date=date(1980, 1, 1), sex="F", studies=studies
    )
    return replace(contents, patients=(anna,))


def _verified(desk: Desk, transaction: Transaction) -> list[str]:
    wanted = frozenset({InstanceState.VERIFIED})
    return [i.sop_instance_uid for i in desk.ledger.transactions.instances(transaction.id, wanted)]


# -- what a file holds


def _same(before: bytes, after: bytes, folder: Path) -> bool:
    """In the same transfer syntax, byte for byte."""
    (syntax, data), (came, rest) = (_data_set(file, folder) for file in (before, after))
    if came != syntax:
        return False
    rest = rest.rstrip(b"\0")  # of a last value, or behind a deflated data set
    return data.startswith(rest) and data[len(rest) :].lstrip(b"\0")[:4] in (b"", *PADDING)


def _data_set(file: bytes, folder: Path) -> tuple[str, bytes]:
    """The transfer syntax, and what is behind the meta header."""
    path = folder / "kept.dcm"
    path.write_bytes(file)
    found = send_file(path)
    return found.pair.transfer_syntax_uid, file[found.offset :]


def _elements(file: bytes) -> dict[Place, bytes | object]:
    return dict(_walk(dcmread(BytesIO(file), force=True), ()))


def _walk(ds: Dataset, place: Place) -> Iterator[tuple[Place, bytes | object]]:
    """Each element's bytes as they are in the file; a sequence's number of items, and what is in them."""
    for tag in tags(ds):
        item = ds.get_item(tag)
        if not tag.element:
            continue  # retired group lengths
        if _vr(item.VR, tag) == "SQ":
            items = ds[tag].value or []
            yield (*place, int(tag)), len(items)
            for no, inner in enumerate(items):
                yield from _walk(inner, (*place, int(tag), no))
        elif tag == PIXEL_REPRESENTATION:  # pydicom looks at it by itself, where it needs it to read others
            yield (*place, int(tag)), ds[tag].value
        elif tag != TRAILING_PADDING:
            yield (*place, int(tag)), item.value


def _vr(said: str | None, tag: BaseTag) -> str:
    """Of an element that does not say it, as the dictionary has it."""
    try:
        return said or dictionary_VR(tag)
    except KeyError:
        return "UN"
