"""Pictures of a disc's series: of those in sight, of the middle image, and a reason where there is none."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace

from PySide6.QtCore import QObject
from pytestqt.qtbot import QtBot

from iep_desktop.core.errors import Permanent
from iep_desktop.core.medium import MediumContents, MediumInstance, MediumKind
from iep_desktop.ui.disc_wizard import DiscWizard
from iep_desktop.ui.disc_wizard.case import Step
from iep_desktop.ui.disc_wizard.previews import Previews
from iep_desktop.ui.disc_wizard.tree_model import Role
from iep_desktop.ui.viewer.pictures import Picture
from iep_desktop.workers.queries import Queries
from tests.ui.disc_wizard.conftest import PATH
from tests.ui.disc_wizard.fake_desk import FakeDesk, Preview
from tests.ui.disc_wizard.samples import CT_CHEST, MINNIE, series


@dataclass
class Asked:
    """Discs whose `damaged` instances have no picture."""

    damaged: frozenset[str] = frozenset()
    uids: list[str] = field(default_factory=list)

    def preview(self, source: str, instance: MediumInstance, size: int) -> Preview:
        self.uids.append(instance.sop_instance_uid)
        if instance.sop_instance_uid in self.damaged:
            raise Permanent("The image cannot be shown", "The compressed frame is damaged.")
        return Preview(2, 2, 3, bytes([200, 0, 0]) * 4)


def disc_of(count: int) -> MediumContents:
    many = tuple(series(f"9.{n}", "CT", f"Series {n}", 5) for n in range(count))
    patient = replace(MINNIE, studies=(replace(CT_CHEST, series=many),))
    return MediumContents(PATH, MediumKind.DICOMDIR, (patient,))


def test_the_middle_image_is_shown_in_colour_and_what_is_damaged_says_why(
    queries: Queries, qtbot: QtBot
) -> None:
    discs, owner = Asked(frozenset({"9.1.3"})), QObject()
    previews = Previews(discs, queries, 64, owner)
    arrived: dict[str, Picture] = {}
    previews.arrived.connect(arrived.__setitem__)
    previews.know(disc_of(2), finished=True)
    previews.want(["9.0", "9.1"])
    qtbot.waitUntil(lambda: len(arrived) == 2)
    assert sorted(discs.uids) == ["9.0.3", "9.1.3"]
    assert arrived["9.0"].image.pixelColor(0, 0).getRgb()[:3] == (200, 0, 0)
    assert arrived["9.1"].image.isNull()
    assert "damaged" in arrived["9.1"].reason


def test_the_last_series_of_a_disc_that_is_being_read_waits_until_its_middle_is_known(
    queries: Queries, qtbot: QtBot
) -> None:
    discs, owner = Asked(), QObject()
    previews = Previews(discs, queries, 64, owner)
    previews.know(disc_of(2), finished=False)
    with qtbot.waitSignal(previews.arrived):
        previews.want(["9.0", "9.1"])
    assert discs.uids == ["9.0.3"]
    previews.know(disc_of(2), finished=True)
    with qtbot.waitSignal(previews.arrived):
        previews.want(["9.0", "9.1"])
    assert discs.uids == ["9.0.3", "9.1.3"]


def test_the_wizard_asks_for_what_is_in_sight_and_for_the_rest_when_it_is_scrolled_to(
    open_wizard: Callable[..., DiscWizard], desk: FakeDesk, qtbot: QtBot
) -> None:
    desk.discs.media[PATH] = disc_of(200)
    asked = Asked()
    desk.discs.preview = asked.preview  # type: ignore[method-assign]
    wizard = open_wizard()
    wizard.show_step(Step.CONTENTS)
    wizard.contents.read(PATH)
    tree, model = wizard.contents.tree, wizard.contents.model
    qtbot.waitUntil(lambda: "9.0.3" in asked.uids)
    study = model.index(0, 0, model.index(0, 0))
    qtbot.waitUntil(lambda: model.data(model.index(0, 0, study), Role.THUMBNAIL) is not None)
    assert "9.199.3" not in asked.uids
    tree.scrollToBottom()
    qtbot.waitUntil(lambda: "9.199.3" in asked.uids)
    assert len(asked.uids) < 100, "pictures were made that nobody sees"
