"""A desk without ledger, network or drives: the seam that the wizard is written against, answered from memory."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field

from iep_desktop.core.errors import IepError, MediumUnreadable
from iep_desktop.core.imports import Assessment, EarlierTransaction, ImportOrder
from iep_desktop.core.job import Context
from iep_desktop.core.matching import Identity, compare, identity_of_form, identity_of_medium
from iep_desktop.core.medium import Finding, MediumContents, ReadingStep
from iep_desktop.core.rules import ImportFacts, Registration, import_gate

DEADLINE = 5.0


@dataclass
class FakeDiscs:
    """Media by path; `gate` holds reading back until a test lets it go."""

    media: dict[str, MediumContents] = field(default_factory=dict)
    steps: dict[str, list[MediumContents]] = field(default_factory=dict)
    gate: threading.Event = field(default_factory=threading.Event)
    reads: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.gate.set()

    def read(self, path: str, ctx: Context, step: Callable[[ReadingStep], None]) -> MediumContents:
        self.reads.append(path)
        if path not in self.media:
            raise MediumUnreadable(
                "The disc cannot be read", "It gives no answer.", "Clean it and try again."
            )
        whole = self.media[path]
        stages = [*self.steps.get(path, []), whole]
        for number, contents in enumerate(stages, start=1):
            ctx.check()
            step(ReadingStep(number, len(stages), contents, finished=number == len(stages)))
            while not self.gate.wait(0.02):
                ctx.check()
        return whole


@dataclass
class FakeImports:
    """Assesses with the real rules over what `pacs` says."""

    pacs: Identity | None = None
    pacs_error: IepError | None = None
    earlier: tuple[EarlierTransaction, ...] = ()
    gate: threading.Event = field(default_factory=threading.Event)
    asked: list[ImportOrder] = field(default_factory=list)
    seen_before: tuple[Finding, ...] = ()

    def __post_init__(self) -> None:
        self.gate.set()

    def assess(self, order: ImportOrder, ctx: Context) -> Assessment:
        self.asked.append(order)
        self.gate.wait(DEADLINE)
        form = identity_of_form(order.form.patient)
        match = compare(form, identity_of_medium(order.patient), self.pacs) if order.patient else None
        facts = ImportFacts(
            order.form, True, self._registration(order), match, len(order.contents.patients), order.decision,
            order.studies, order.everything_reason, tuple(e.line for e in self.earlier),
        )  # fmt: skip
        return Assessment(import_gate(facts), match, self.pacs, self.pacs_error, self.earlier)

    def _registration(self, order: ImportOrder) -> Registration:
        if self.pacs is not None:
            return Registration.KNOWN_TO_PACS
        if order.registered_by:
            return Registration.LOOKED_UP
        return Registration.UNREACHABLE if self.pacs_error else Registration.NOT_FOUND

    def already_imported(self, contents: MediumContents) -> tuple[Finding, ...]:
        return self.seen_before
