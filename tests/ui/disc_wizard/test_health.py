import pytest

from iep_desktop.core.medium import Finding, FindingCode, Severity
from iep_desktop.ui.disc_wizard.health import HealthAction, health_lines
from iep_desktop.ui.disc_wizard.ticks import patient_key
from iep_desktop.ui.pace import Pace, show_count, show_size
from tests.ui.disc_wizard.samples import DAMAGED, MINNIE, ONE_PATIENT, TWO_PATIENTS, disc


def test_findings_of_one_kind_are_one_line_and_the_worst_stands_first() -> None:
    lines = health_lines(DAMAGED, patient_key(MINNIE))
    assert [line.title for line in lines] == [
        "1 file is damaged",
        "3 files are missing",
        "7 files are not DICOM",
    ]


def test_a_damaged_file_is_named_and_the_disc_can_be_read_again() -> None:
    line = health_lines(DAMAGED, None)[0]
    assert line.detail == "IM000412 cannot be read."
    assert line.action is HealthAction.READ_AGAIN


def test_missing_files_can_be_listed_for_the_sender() -> None:
    line = health_lines(DAMAGED, None)[1]
    assert (line.action, len(line.paths)) == (HealthAction.COPY_LIST, 3)


def test_two_patients_are_said_with_the_one_on_the_form() -> None:
    (line,) = health_lines(TWO_PATIENTS, patient_key(MINNIE))
    assert (line.title, line.detail) == ("Two patients on one disc", "Only MOUSE, Minnie is on the form.")


def _before(message: str, *paths: str) -> tuple[Finding, ...]:
    return tuple(Finding(FindingCode.ALREADY_IMPORTED, Severity.WARNING, message, path) for path in paths)


def test_a_study_that_was_imported_before_is_named() -> None:
    (line,) = health_lines(ONE_PATIENT, None, _before("Imported before as 2026-000001", "1.2.2"))
    assert (line.title, line.detail) == ("Imported before: Chest PA", "Imported before as 2026-000001.")


def test_a_disc_that_was_imported_before_is_one_line_with_its_studies() -> None:
    (line,) = health_lines(ONE_PATIENT, None, _before("Imported before as 2026-000001", "", "1.2.1"))
    assert line.title == "This disc was imported before"
    assert line.detail == "Imported before as 2026-000001. With CT chest with contrast."


@pytest.mark.parametrize("code", list(FindingCode))
def test_every_finding_has_words(code: FindingCode) -> None:
    (line,) = health_lines(disc(findings=(Finding(code, Severity.INFO, "said", "A"),)), None)
    assert line.title
    assert line.detail


def test_time_left_follows_the_rate() -> None:
    pace = Pace()
    for second in range(5):
        pace.saw(float(second), second * 10)
    assert pace.rate == 10
    assert pace.left(240) == "about 20 s left"
    assert pace.left(1240) == "about 2 min left"
    assert pace.left(0) == ""


def test_nothing_is_promised_before_two_looks() -> None:
    pace = Pace()
    pace.saw(1.0, 5)
    assert (pace.rate, pace.left(100)) == (0.0, "")


def test_sizes_and_counts_read_as_in_the_pictures() -> None:
    assert [show_size(n) for n in (0, 900, 334_000_000, 4_200_000_000)] == ["0", "1 KB", "334 MB", "4.2 GB"]
    assert show_count(1169) == "1\u202f169"
