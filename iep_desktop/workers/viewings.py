"""Opens sets to look at: files and folders, a disc, a transaction, studies on a node. Plain and blocking.

Finds out what there is and where each image comes from; fetches nothing (the source does, when an image is shown).
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from iep_desktop.core.errors import IepError, InvalidInput
from iep_desktop.core.job import Context
from iep_desktop.core.medium import MediumContents
from iep_desktop.core.queries import PacsStudy
from iep_desktop.core.transaction import Direction, Instance, Status, Transaction, TransactionType
from iep_desktop.core.viewing import ImageSource, ViewPatient, ViewSet
from iep_desktop.dicom.medium_files import FolderMedium, is_dicomdir, open_medium
from iep_desktop.dicom.spool import Spool
from iep_desktop.store.transactions import Transactions
from iep_desktop.workers import view_sets
from iep_desktop.workers.view_sources import (
    AsksNode,
    DiscFiles,
    LocalFiles,
    MediumFiles,
    NodeFiles,
    Nowhere,
    SpoolFiles,
)
from iep_desktop.workers.viewing_cache import ViewingCache

if TYPE_CHECKING:
    from iep_desktop.dicom.medium_facts import Placed


@dataclass(frozen=True)
class Viewing:
    """What a viewer shows, and where its files come from."""

    view: ViewSet
    source: ImageSource


@dataclass(frozen=True)
class Viewings:
    """`pacs` and `gateway` find a node of ours by its name, "" for the usual one; they raise InvalidInput."""

    transactions: Callable[[], Transactions]
    spool: Callable[[], Spool]
    cache: ViewingCache
    pacs: Callable[[str], AsksNode]
    gateway: Callable[[str], AsksNode]

    # --- this computer --------------------------------------------------------------------------------------

    def of_files(self, paths: Sequence[str], ctx: Context, asked: ViewPatient | None = None) -> Viewing:
        """Files, or one folder or disc.

        Raises:
            InvalidInput: none of them is a DICOM file that can be read, with the reason of the first.
            MediumUnreadable.
        """
        first = Path(paths[0]) if paths else Path()
        if first.is_dir() or is_dicomdir(first.name):
            from iep_desktop.dicom.media import read_all

            return self.of_medium(read_all(open_medium(first), ctx), asked)
        return Viewing(_set_of_files(paths, ctx, asked), LocalFiles())

    def of_medium(self, contents: MediumContents, asked: ViewPatient | None = None) -> Viewing:
        """A disc that has been read, also in part."""
        return Viewing(view_sets.of_contents(contents, asked), MediumFiles(_root(contents.source)))

    # --- nodes ----------------------------------------------------------------------------------------------

    def of_studies(
        self, node: str, studies: Sequence[PacsStudy], ctx: Context, asked: ViewPatient | None = None
    ) -> Viewing:
        """Studies that a PACS of ours has found.

        Raises:
            Retriable, Permanent, NodeRejected: it does not tell what is in them.
        """
        asks = self.pacs(node)
        scope = " ".join(sorted(study.study_uid for study in studies))
        source = NodeFiles(asks, self.cache, scope)
        shown = []
        for study in studies:
            held = asks.find(study.study_uid, ctx)
            source.know(study.study_uid, held)
            shown.append(view_sets.of_study(study, held))
        title = studies[0].description if len(studies) == 1 else f"{len(studies)} studies"
        return Viewing(ViewSet(title, tuple(shown), asked), source)

    # --- transactions ---------------------------------------------------------------------------------------

    def of_transaction(self, id: int, ctx: Context) -> Viewing:
        """All images of a transaction, as far as they can still be had.

        Raises:
            InvalidInput: it has none yet.
        """
        transaction = self.transactions().by_id(id)
        instances = self.transactions().instances(id)
        if not instances:
            raise InvalidInput(
                "There are no images yet", "They are listed when the transfer begins.", "Look again later."
            )
        here = {i.sop_instance_uid: self.spool().path(i.spool_name) for i in instances if i.spool_name}
        here = {uid: path for uid, path in here.items() if path.is_file()}
        numbers = _numbers(self.spool().folder(id), ctx) if here else {}
        source = SpoolFiles(here, self._otherwise(transaction, instances, numbers, ctx))
        view = view_sets.of_transaction(transaction, instances, numbers)
        return Viewing(view, source)

    def _otherwise(
        self,
        transaction: Transaction,
        instances: Sequence[Instance],
        numbers: dict[str, int],
        ctx: Context,
    ) -> ImageSource:
        """Where images are that are not in the spool; what it knows of their order is added to `numbers`."""
        if _lies_on_medium(transaction):
            root = _root(transaction.medium.source if transaction.medium else "")
            return DiscFiles(root, {i.sop_instance_uid: i.source_path for i in instances})
        try:
            asks = self._holder(transaction)
        except IepError as error:
            return Nowhere(error)
        source = NodeFiles(asks, self.cache, str(transaction.id))
        if len(numbers) < len(instances):
            _learn(asks, source, {i.study_uid for i in instances}, numbers, ctx)
        return source

    def _holder(self, transaction: Transaction) -> AsksNode:
        """Our PACS once it was delivered, and for all that goes out; before that the gateway."""
        if transaction.direction is Direction.OUT:
            return self.pacs(transaction.source_node)
        if transaction.status is Status.DELIVERED or transaction.type is TransactionType.CD_IMPORT:
            return self.pacs(transaction.node)
        return self.gateway(transaction.gateway)


def _lies_on_medium(transaction: Transaction) -> bool:
    imported = transaction.type is TransactionType.CD_IMPORT
    return imported and transaction.status is not Status.DELIVERED and transaction.medium is not None


def _root(source: str) -> str:
    """The folder of a medium, where its DICOMDIR was named."""
    return os.path.dirname(source) if is_dicomdir(os.path.basename(source)) else source


def _numbers(folder: Path, ctx: Context) -> dict[str, int]:
    """Instance Numbers by UID, as the files in a folder say."""
    from iep_desktop.dicom.media import read_all

    contents = read_all(FolderMedium(folder), ctx)
    found = (i for study in contents.studies for i in study.present)
    return {i.sop_instance_uid: i.number for i in found if i.number is not None}


def _learn(
    asks: AsksNode, source: NodeFiles, studies: Iterable[str], numbers: dict[str, int], ctx: Context
) -> None:
    """Ask a node for the order of its images; one that does not answer will be asked for images all the same."""
    try:
        for uid in studies:
            held = asks.find(uid, ctx)
            source.know(uid, held)
            numbers.update({i.sop_instance_uid: i.number for i in held if i.number is not None})
    except IepError:
        ctx.check()


def _set_of_files(paths: Sequence[str], ctx: Context, asked: ViewPatient | None) -> ViewSet:
    from iep_desktop.dicom.medium_tree import Tree

    tree, refused = Tree(), []
    for path in paths:
        ctx.check()
        try:
            tree.put(_placed(path), certain=True)
        except InvalidInput as error:
            refused.append(error)
    patients = tree.patients()
    if not patients:
        raise refused[0] if refused else InvalidInput("No file was named")
    title = os.path.basename(paths[0]) if len(paths) == 1 else f"{len(paths)} files"
    return ViewSet(title, view_sets.of_patients(patients), asked)


def _placed(path: str) -> Placed:
    """What a file says of itself. Raises InvalidInput."""
    from iep_desktop.dicom.file_heads import IsDirectory, read_head
    from iep_desktop.dicom.file_start import NotDicom
    from iep_desktop.dicom.medium_facts import Facts
    from iep_desktop.dicom.skim import Damaged

    name = os.path.basename(path)
    try:
        with open(path, "rb") as file:
            return read_head(file, path, os.fstat(file.fileno()).st_size, Facts()).placed
    except OSError as error:
        raise InvalidInput("The file cannot be read", f"{name}: {error.strerror}.") from error
    except (NotDicom, IsDirectory) as error:
        raise InvalidInput("This is no DICOM image", name, "Choose another file.") from error
    except Damaged as error:
        raise InvalidInput("The file is damaged", f"{name}: {error}.", "Ask the sender for it.") from error
