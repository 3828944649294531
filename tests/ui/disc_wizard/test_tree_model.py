from dataclasses import replace

import pytest
from PySide6.QtCore import QPersistentModelIndex, Qt
from PySide6.QtGui import QImage
from PySide6.QtTest import QAbstractItemModelTester
from pytestqt.qtbot import QtBot

from iep_desktop.core.medium import MediumContents, MediumPatient, MediumStudy
from iep_desktop.ui.disc_wizard.ticks import patient_key
from iep_desktop.ui.disc_wizard.tree_model import Column, MediumModel, Role
from iep_desktop.ui.viewer.pictures import Picture
from tests.ui.disc_wizard.samples import (
    ACQUIRED,
    CHEST_PA,
    CT_CHEST,
    DONALD,
    MINNIE,
    ONE_PATIENT,
    TWO_PATIENTS,
    disc,
    series,
)

CHECK = Qt.ItemDataRole.CheckStateRole


@pytest.fixture
def model(qtbot: QtBot) -> MediumModel:
    model = MediumModel()
    model.tester = QAbstractItemModelTester(  # type: ignore[attr-defined]  # lives as long as the model
        model, QAbstractItemModelTester.FailureReportingMode.Fatal
    )
    return model


def test_patients_studies_and_series_are_a_tree(model: MediumModel) -> None:
    model.show(TWO_PATIENTS)
    minnie = model.index(0, 0)
    study = model.index(0, 0, minnie)
    assert [model.data(model.index(r, 0)) for r in range(2)] == ["MOUSE, Minnie", "DUCK, Donald"]
    assert model.data(minnie, Role.SECOND) == "17/03/1961, ID 884120"
    assert model.data(study.siblingAtColumn(Column.DATE)) == "02/11/2026"
    assert model.data(study.siblingAtColumn(Column.IMAGES)) == "42"
    assert model.data(model.index(1, 0, study)) == "Chest 1.0 mm, lung"
    assert model.data(minnie.siblingAtColumn(Column.IMAGES)) == "43"


def test_rows_that_stay_keep_their_index_while_the_disc_grows(model: MediumModel) -> None:
    model.show(ONE_PATIENT)
    kept = QPersistentModelIndex(model.index(0, 0, model.index(0, 0)))
    grown = replace(CT_CHEST, series=(*CT_CHEST.series, series("1.2.1.3", "CT", "Abdomen", 5)))
    model.show(disc(DONALD, replace(MINNIE, studies=(CHEST_PA, grown))))
    assert model.data(kept) == "CT chest with contrast"
    assert model.rowCount(kept) == 3
    assert kept.parent().row() == 1


def test_what_is_no_longer_there_goes(model: MediumModel) -> None:
    model.show(TWO_PATIENTS)
    model.show(ONE_PATIENT)
    assert model.rowCount() == 1
    model.show(None)
    assert model.rowCount() == 0


def test_a_part_that_is_ticked_shows_as_a_part(model: MediumModel) -> None:
    model.show(TWO_PATIENTS)
    model.set_ticked(patient_key(MINNIE), frozenset({"1.2.1.1"}))
    minnie = model.index(0, 0)
    ct = model.index(0, 0, minnie)
    assert model.data(minnie, CHECK) is Qt.CheckState.PartiallyChecked
    assert model.data(ct, CHECK) is Qt.CheckState.PartiallyChecked
    assert model.data(model.index(0, 0, ct), CHECK) is Qt.CheckState.Checked
    assert model.data(model.index(1, 0), CHECK) is Qt.CheckState.Unchecked


def test_all_series_make_the_study_ticked(model: MediumModel) -> None:
    model.show(ONE_PATIENT)
    model.set_ticked(patient_key(MINNIE), frozenset({"1.2.1.1", "1.2.1.2"}))
    assert model.data(model.index(0, 0, model.index(0, 0)), CHECK) is Qt.CheckState.Checked


def test_a_tick_is_asked_for_with_its_patient(model: MediumModel) -> None:
    model.show(TWO_PATIENTS)
    asked: list[tuple[MediumPatient, object, bool]] = []
    model.tick_asked.connect(lambda patient, item, ticked: asked.append((patient, item, ticked)))
    model.setData(model.index(0, 0, model.index(1, 0)), Qt.CheckState.Checked, CHECK)
    patient, item, ticked = asked[0]
    assert patient is DONALD
    assert isinstance(item, MediumStudy)
    assert ticked


def test_files_that_are_missing_show_in_the_count(model: MediumModel) -> None:
    study = MediumStudy("1", ACQUIRED, "CT", series=(series("1.1", "CT", "Scout", 5, missing=2),))
    model.show(disc(replace(MINNIE, studies=(study,))))
    assert model.data(model.index(0, Column.IMAGES)) == "3 of 5"


def test_a_patient_who_is_not_on_the_form_and_a_study_imported_before_are_marked(model: MediumModel) -> None:
    model.show(TWO_PATIENTS)
    model.set_remarks({"1.2.2": "already imported"}, patient_key(MINNIE))
    minnie = model.index(0, 0)
    assert model.data(model.index(1, 0), Role.REMARK) == "not on the form"
    assert model.data(model.index(1, 0, minnie), Role.REMARK) == "already imported"
    assert "already imported" in model.data(model.index(1, 0, minnie), Qt.ItemDataRole.AccessibleTextRole)
    assert model.data(minnie, Role.REMARK) == ""


def test_a_thumbnail_is_given_to_its_series(model: MediumModel) -> None:
    model.show(ONE_PATIENT)
    image = QImage(4, 4, QImage.Format.Format_Grayscale8)
    model.set_picture("1.2.1.2", Picture(image))
    study = model.index(0, 0, model.index(0, 0))
    assert model.data(model.index(1, 0, study), Role.THUMBNAIL) is image
    assert model.data(model.index(0, 0, study), Role.THUMBNAIL) is None


def test_a_series_without_a_picture_says_why(model: MediumModel) -> None:
    model.show(ONE_PATIENT)
    model.set_picture("1.2.1.2", Picture(QImage(), "The compressed frame is damaged."))
    spoken = model.data(
        model.index(1, 0, model.index(0, 0, model.index(0, 0))), Qt.ItemDataRole.AccessibleTextRole
    )
    assert spoken.endswith("no picture: The compressed frame is damaged.")


def test_a_disc_of_ten_thousand_images_grows_without_a_row_too_many(model: MediumModel) -> None:
    many = tuple(series(f"9.{n}", "CT", f"Series {n}", 100) for n in range(100))
    told: list[int] = []
    model.rowsInserted.connect(lambda *_: told.append(1))
    contents: MediumContents | None = None
    for shown in range(10, 101, 10):
        contents = disc(replace(MINNIE, studies=(replace(CT_CHEST, series=many[:shown]),)))
        model.show(contents)
    assert len(told) == 102  # one patient, one study, a hundred series: each once
    assert model.data(model.index(0, Column.IMAGES)) == "10\u202f000"
