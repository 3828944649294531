"""The trauma pathway's presets (R-TRAUMA, A4): where to, and what stands on the form without being typed."""

from __future__ import annotations

from dataclasses import dataclass

from iep_desktop.core.form_rules import Check, Verdict, block
from iep_desktop.core.model import Form, FormKind, Node, Patient, Priority, Requester


@dataclass(frozen=True)
class Pathway:
    """Every value is a setting with the guideline's value as default."""

    hospital: str = "RX1"  # ODS: Nottingham University Hospitals
    short_name: str = "NUH"
    node: str = "NUH Radiology PACS"
    reason: str = "Trauma transfer, clinical emergency"


NUH = Pathway()


@dataclass(frozen=True)
class Report:
    """What is known of the report. `is_there`: as text or as a document. `follows`: a person said: none yet."""

    is_there: bool
    is_correct: bool
    follows: bool = False


FOLLOWS = "No report yet: it follows."


def trauma_form(pathway: Pathway, patient: Patient, user: str, *, follows: bool = False) -> Form:
    """`follows`: the form tells the recipient that the report is still to come."""
    return Form(
        FormKind.EXPORT,
        requester=Requester(user),
        patient=patient,
        hospital=pathway.hospital,
        priority=Priority.BLUE_LIGHT,
        priority_reason=pathway.reason,
        comments=FOLLOWS if follows else "",
    )


def destination(nodes: tuple[Node, ...], pathway: Pathway) -> Node | None:
    """The node that the appendix names, else the hospital's first."""
    named = next((node for node in nodes if node.name == pathway.node), None)
    return named or (nodes[0] if nodes else None)


def report_check(report: Report) -> Check:
    """The report goes along. A patient does not wait for one that is still to be written, where a person says so."""
    if not report.is_there and report.follows:
        detail = "The recipient is told. Send it after the images as a message."
        return Check("report", Verdict.WARNS, "No report yet: it follows", detail, "R-TRAUMA", "A4")
    if not report.is_there:
        lift = "Paste or attach it, or tick that there is none yet"
        return block("report", "No report is attached", "R-TRAUMA", "A4", lift)
    if report.is_correct:
        return Check("report", Verdict.MET, "Report attached and correct", "", "R-TRAUMA", "A4")
    title = "The report is not ticked as correct"
    return block("report", title, "R-TRAUMA", "A4", "Read it and tick that it is correct")


def not_found_yet() -> Check:
    return block("find", "The patient is not found in PACS yet", "R-TRAUMA", "A4", "Type the numbers, Enter")
