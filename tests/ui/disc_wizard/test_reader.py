from collections.abc import Iterator
from dataclasses import replace

import pytest
from pytestqt.qtbot import QtBot

from iep_desktop.core.imports import Assessment
from iep_desktop.core.matching import Identity
from iep_desktop.core.medium import MediumContents
from iep_desktop.ui.disc_wizard.assessor import Assessor
from iep_desktop.ui.disc_wizard.case import Case
from iep_desktop.ui.disc_wizard.reader import DiscReader
from iep_desktop.workers.queries import Queries
from tests.ui.disc_wizard.fake_desk import FakeDiscs, FakeImports
from tests.ui.disc_wizard.samples import MINNIE, MINNIE_FORM, ONE_PATIENT, TWO_PATIENTS


@pytest.fixture
def queries(qtbot: QtBot) -> Iterator[Queries]:
    queries = Queries()
    yield queries
    queries.close()


@pytest.fixture
def discs() -> FakeDiscs:
    return FakeDiscs({"/disc": TWO_PATIENTS}, {"/disc": [ONE_PATIENT]})


@pytest.fixture
def reader(discs: FakeDiscs, queries: Queries) -> DiscReader:
    return DiscReader(discs, queries)


def test_a_disc_is_read_to_its_end(reader: DiscReader, qtbot: QtBot) -> None:
    with qtbot.waitSignal(reader.finished) as finished:
        reader.start("/disc")
    assert finished.args == [TWO_PATIENTS]
    assert not reader.is_reading


def test_the_first_patient_is_shown_while_reading_goes_on(
    reader: DiscReader, discs: FakeDiscs, qtbot: QtBot
) -> None:
    discs.gate.clear()
    with qtbot.waitSignal(reader.stepped) as stepped:
        reader.start("/disc")
    assert stepped.args[0].contents == ONE_PATIENT
    assert reader.is_reading
    discs.gate.set()


def test_a_pause_holds_the_disc_and_resuming_ends_it(reader: DiscReader, qtbot: QtBot) -> None:
    reader.start("/disc")
    reader.pause()
    seen: list[MediumContents] = []
    reader.finished.connect(seen.append)
    qtbot.waitUntil(lambda: reader.is_paused)
    with qtbot.assertNotEmitted(reader.finished, wait=150):
        pass
    with qtbot.waitSignal(reader.finished):
        reader.resume()
    assert seen == [TWO_PATIENTS]


def test_cancelling_a_paused_disc_ends_it_without_a_result(reader: DiscReader, qtbot: QtBot) -> None:
    reader.start("/disc")
    reader.pause()
    with qtbot.assertNotEmitted(reader.finished, wait=150):
        reader.cancel()
    assert not reader.is_reading


def test_a_disc_that_cannot_be_read_says_why(reader: DiscReader, qtbot: QtBot) -> None:
    with qtbot.waitSignal(reader.failed) as failed:
        reader.start("/nothing")
    assert failed.args[0].title == "The disc cannot be read"


def test_a_new_disc_takes_the_place_of_the_last(reader: DiscReader, discs: FakeDiscs, qtbot: QtBot) -> None:
    discs.media["/other"] = ONE_PATIENT
    discs.gate.clear()
    reader.start("/disc")
    seen: list[MediumContents] = []
    reader.finished.connect(seen.append)
    reader.start("/other")
    discs.gate.set()
    qtbot.waitUntil(lambda: bool(seen))
    assert seen == [ONE_PATIENT]


def _case() -> Case:
    case = Case("operator")
    case.set_text(MINNIE_FORM)
    case.set_contents(ONE_PATIENT, finished=True)
    return case


def _answer(assessor: Assessor, qtbot: QtBot) -> Assessment:
    qtbot.waitUntil(lambda: assessor.assessment is not None)
    assert assessor.assessment is not None
    return assessor.assessment


def test_the_gate_answers_to_the_order(queries: Queries, qtbot: QtBot) -> None:
    assessor = Assessor(FakeImports(Identity(MINNIE.name, MINNIE.birth_date)), queries)
    assessor.ask_about(_case().order)
    assert assessor.is_asking
    assert _answer(assessor, qtbot).gate.is_open
    assert not assessor.is_asking


def test_a_late_answer_to_an_order_of_before_is_ignored(queries: Queries, qtbot: QtBot) -> None:
    imports = FakeImports()
    imports.gate.clear()
    assessor = Assessor(imports, queries)
    case = _case()
    assessor.ask_about(case.order)
    qtbot.waitUntil(lambda: len(imports.asked) == 1)
    case.set_text(replace(case.text, birth_date="18/03/1961"))
    assessor.ask_about(case.order)
    imports.gate.set()
    answer = _answer(assessor, qtbot)
    assert answer.match is not None
    assert [field.value for field in answer.match.medium_differences] == ["Date of birth"]


def test_the_same_order_is_not_asked_twice(queries: Queries, qtbot: QtBot) -> None:
    imports = FakeImports()
    assessor = Assessor(imports, queries)
    case = _case()
    assessor.ask_about(case.order)
    _answer(assessor, qtbot)
    assessor.ask_about(case.order)
    assert not assessor.is_asking
    assert len(imports.asked) == 1


def test_pacs_can_be_asked_again(queries: Queries, qtbot: QtBot) -> None:
    imports = FakeImports()
    assessor = Assessor(imports, queries)
    assessor.ask_about(_case().order)
    assert not _answer(assessor, qtbot).gate.is_open
    imports.pacs = Identity(MINNIE.name, MINNIE.birth_date)
    assessor.ask_again()
    assert _answer(assessor, qtbot).gate.is_open
