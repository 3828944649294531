"""What the rail says of each step: done, current or waiting, with one live line. Pure but for what it looks at."""

from __future__ import annotations

from iep_desktop.ui.disc_wizard.assessor import Assessor
from iep_desktop.ui.disc_wizard.case import Case, Step
from iep_desktop.ui.disc_wizard.rail import StepState, StepView
from iep_desktop.ui.disc_wizard.reader import DiscReader
from iep_desktop.ui.disc_wizard.ticks import patient_key
from iep_desktop.ui.pace import several


def step_views(case: Case, current: Step, reader: DiscReader, assessor: Assessor) -> tuple[StepView, ...]:
    """Of all six. A step can be reached when what it works on is there."""
    lines = {
        Step.CALL: _call(case),
        Step.DISC: case.source.label if case.source else "Not yet",
        Step.CONTENTS: _contents(case, reader),
        Step.MATCH: _match(case),
        Step.RIS: _ris(case),
        Step.GO: f"Started, {case.started_now.number}" if case.started_now else "Not started",
    }
    return tuple(
        StepView(_state(case, step, current, assessor), lines[step], _reachable(case, step)) for step in Step
    )


def _state(case: Case, step: Step, current: Step, assessor: Assessor) -> StepState:
    if step is current:
        return StepState.CURRENT
    done = {
        Step.CALL: not case.form_blocks and not case.field_problems,
        Step.DISC: case.source is not None,
        Step.CONTENTS: case.reading_finished and bool(case.series) and not _lacks_reason(case),
        Step.MATCH: bool((answer := assessor.answer_to(case.order)) and answer.gate.is_open),
        Step.RIS: bool(case.ris_lines) and all(line.accession for line in case.ris_lines),
        Step.GO: False,
    }
    return StepState.DONE if done[step] or case.started_now is not None else StepState.WAITING


def _reachable(case: Case, step: Step) -> bool:
    ready = not case.form_blocks and not case.field_problems
    match step:
        case Step.CALL:
            return True
        case Step.DISC:
            return ready or case.goes_on_incomplete or case.source is not None
        case Step.CONTENTS:
            return case.source is not None
        case Step.MATCH:
            return case.reading_finished and case.patient is not None and not _lacks_reason(case)
        case Step.RIS | Step.GO:
            return case.started_now is not None


def _lacks_reason(case: Case) -> bool:
    return bool(case.beyond) and not case.reason.strip()


def _call(case: Case) -> str:
    reference = case.text.call_ref or "No reference"
    wrong = len(case.field_problems)
    missing = len(case.form_blocks)
    if wrong:
        return f"{reference}, {wrong} wrong"
    return f"{reference}, {missing} open" if missing else f"{reference}, form complete"


def _contents(case: Case, reader: DiscReader) -> str:
    if reader.is_reading:
        percent = reader.percent
        return (
            "Paused" if reader.is_paused else f"Reading, {percent} %" if percent is not None else "Reading…"
        )
    if case.contents is None:
        return "Not yet"
    patients, studies = len(case.contents.patients), len(case.contents.studies)
    return (
        f"{several(patients, 'patient')}, {several(studies, 'study', 'studies')}" if patients else "No images"
    )


def _match(case: Case) -> str:
    patients = case.contents.patients if case.contents else ()
    number = next((n for n, p in enumerate(patients, 1) if patient_key(p) == case.ticks.patient), 0)
    return f"Patient {number} of {len(patients)}" if number else "Not yet"


def _ris(case: Case) -> str:
    open_ = sum(not line.accession for line in case.ris_lines)
    if not case.ris_lines:
        return "Not yet"
    if not open_:
        return "All entered"
    return f"{several(open_, 'exam')} to enter"
