"""The columns of a worklist (R-UI), their words, widths and how the ledger sorts by them."""

from __future__ import annotations

from enum import IntEnum

from iep_desktop.core.transaction import Column as SortColumn
from iep_desktop.core.transaction import SeriesProgress
from iep_desktop.ui.worklist import texts

LOADING = "…"


class Col(IntEnum):
    TYPE = 0  # with the expander and the Blue Light bar
    DIRECTION = 1
    DATE = 2
    PATIENT = 3
    INSTITUTION = 4
    ASSIGNED = 5
    MESSAGES = 6
    STATUS = 7
    ACTIONS = 8


TITLES = {
    Col.TYPE: "Type",
    Col.DIRECTION: "In/Out",
    Col.DATE: "Date",
    Col.PATIENT: "Patient",
    Col.INSTITUTION: "Institution",
    Col.ASSIGNED: "Assigned",
    Col.MESSAGES: "Messages",
    Col.STATUS: "Status",
    Col.ACTIONS: "Actions",
}
SORTS = {
    Col.TYPE: SortColumn.TYPE,
    Col.DIRECTION: SortColumn.DIRECTION,
    Col.DATE: SortColumn.DATE,
    Col.PATIENT: SortColumn.PATIENT,
    Col.INSTITUTION: SortColumn.INSTITUTION,
    Col.ASSIGNED: SortColumn.ASSIGNED,
    Col.STATUS: SortColumn.STATUS,
}
WIDTHS = {  # at 100 %, as in the pictures
    Col.TYPE: 144,
    Col.DIRECTION: 60,
    Col.DATE: 132,
    Col.PATIENT: 124,
    Col.INSTITUTION: 112,
    Col.ASSIGNED: 72,
    Col.MESSAGES: 44,
    Col.STATUS: 204,
    Col.ACTIONS: 64,
}
STRETCH = {Col.PATIENT: 2, Col.INSTITUTION: 4, Col.STATUS: 2}  # how spare width is shared


def series_text(col: Col, series: SeriesProgress | None) -> str:
    """A child row's cells: what it is, how many images, how far."""
    if series is None:
        return LOADING if col is Col.TYPE else ""
    match col:
        case Col.TYPE:
            return f"{series.modality} {texts.series_label(series)}".strip()
        case Col.PATIENT:
            return texts.images(series.counts.total)
        case Col.STATUS:
            return texts.series_state(series)[0]
        case _:
            return ""
