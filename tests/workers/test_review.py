"""The review before a send: signs of a whole set, the line in the history, and the gate that may ask for it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import numpy as np
import pytest

from iep_desktop import settings
from iep_desktop.core.errors import (
    Cancelled,
    IepError,
    InvalidInput,
    MediumUnreadable,
    NodeUnreachable,
    Refused,
)
from iep_desktop.core.exchange import Attachment, MediaType, TransferOrder
from iep_desktop.core.form_rules import Verdict
from iep_desktop.core.forms import parse_form
from iep_desktop.core.job import Context, Progress
from iep_desktop.core.model import Form, Node, NodeRole
from iep_desktop.core.queries import PacsStudy
from iep_desktop.core.reviewing import (
    event_text,
    is_mandatory,
    last_review,
    mark_of,
    review_missing,
    reviewed,
)
from iep_desktop.core.transaction import Event, Instance, Requirement
from iep_desktop.core.viewing import (
    Review,
    Sign,
    SignKind,
    ViewImage,
    ViewPatient,
    ViewSeries,
    ViewSet,
    ViewStudy,
)
from iep_desktop.workers.review import Reviews, find_signs
from tests.dicom.documents.making import CT
from tests.dicom.render import making
from tests.peers import Orthanc, run_orthanc
from tests.two_hospitals import THEM, US, Party

AT = datetime(2026, 11, 24, 14, 2, tzinfo=UTC)
REVIEW = Review("A. Operator", AT, ("1.2", "1.3"), (SignKind.BURNED_IN, SignKind.DUPLICATES))
MINNIE = ViewPatient("S999111", "", "MOUSE^Minnie", date(1961, 3, 17), "F")


class Folder:
    """Images in a folder; `wrong` are those that cannot be had."""

    def __init__(self, wrong: dict[str, IepError] | None = None) -> None:
        self._wrong = wrong or {}
        self.asked: list[str] = []

    def file(self, study: ViewStudy, series: ViewSeries, image: ViewImage, ctx: Context) -> Path:
        ctx.check()
        self.asked.append(image.sop_instance_uid)
        if image.sop_instance_uid in self._wrong:
            raise self._wrong[image.sop_instance_uid]
        return Path(image.where)


def _series(folder: Path, uid: str, count: int, **elements: str) -> ViewSeries:
    images = []
    for number in range(1, count + 1):
        path = folder / f"{uid}-{number}.dcm"
        noise = np.random.default_rng(number + 97 * int(uid)).integers(0, 4000, (32, 32), dtype=np.uint16)
        known = {"PatientName": MINNIE.name, "PatientID": MINNIE.patient_id, "PatientBirthDate": "19610317"}
        source = making.grey(
            noise, InstanceNumber=str(number), ImageType=["ORIGINAL"], **{**known, **elements}
        )
        path.write_bytes(
            source.getvalue().replace(b"1.2.840.10008.5.1.4.1.1.7\0", CT.encode().ljust(26, b"\0"))
        )
        images.append(ViewImage(f"{uid}.{number}", CT, number, str(path)))
    return ViewSeries(uid, "CT", int(uid), images=tuple(images))


@pytest.fixture
def view(tmp_path: Path) -> ViewSet:
    good, other = _series(tmp_path, "1", 6), _series(tmp_path, "2", 3, PatientName="DUCK^Donald")
    return ViewSet("Review", (ViewStudy("9", MINNIE, series=(good, other)),), MINNIE)


def test_signs_of_a_set_come_series_by_series(view: ViewSet) -> None:
    heard: list[tuple[Sign, ...]] = []
    progress: list[Progress] = []
    signs = find_signs(view, Folder(), Context(progress.append, interval=0), heard.append)
    assert [(sign.kind, sign.sop_instance_uids) for sign in signs] == [
        (SignKind.OTHER_PATIENT, ("2.1", "2.2", "2.3"))
    ]
    assert heard == [(), signs]
    assert [(p.done, p.total) for p in progress] == [(n, 9) for n in range(1, 10)]


def test_an_image_that_cannot_be_had_is_a_sign(view: ViewSet) -> None:
    gone = MediumUnreadable("The file is gone", "The disc was taken out.")
    signs = find_signs(view, Folder({"1.4": gone}), Context())
    assert signs[-1].text == "1 image cannot be shown: The disc was taken out."
    assert signs[-1].sop_instance_uids == ("1.4",)


def test_a_node_that_falls_silent_is_not_asked_for_each_image(view: ViewSet) -> None:
    source = Folder({"1.3": NodeUnreachable("PACS does not answer")})
    signs = find_signs(view, source, Context())
    assert source.asked == ["1.1", "1.2", "1.3", "2.1", "2.2", "2.3"]
    unreadable = next(sign for sign in signs if sign.kind is SignKind.UNREADABLE)
    assert unreadable.sop_instance_uids == ("1.3", "1.4", "1.5", "1.6")


def test_looking_stops_at_once_when_cancelled(view: ViewSet) -> None:
    ctx, source = Context(interval=0), Folder()
    ctx = Context(lambda progress: ctx.cancel() if progress.done == 2 else None, interval=0)
    with pytest.raises(Cancelled):
        find_signs(view, source, ctx)
    assert source.asked == ["1.1", "1.2"]


def test_a_large_series_is_looked_at_for_text_in_a_few_images_only(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from iep_desktop.dicom.signs import looking

    looked: list[str] = []
    real = looking.look

    def noted(path: Path, *, text: bool) -> looking.Look:
        looked.extend([path.stem] if text else [])
        return real(path, text=text)

    monkeypatch.setattr(looking, "look", noted)
    find_signs(ViewSet("x", (ViewStudy("9", series=(_series(tmp_path, "1", 21),)),)), Folder(), Context())
    assert looked == ["1-1", "1-6", "1-11", "1-16", "1-21"]


# --- pure: what is written, what the gate says ------------------------------------------------------------------


def test_the_line_in_the_history_names_who_when_how_many_and_which_signs() -> None:
    text = event_text(REVIEW)
    assert text.startswith(
        "Reviewed by A. Operator, 24/11/2026 14:02: 2 images ticked; "
        "warning signs shown: likely burned-in text, duplicates ["
    )
    found = last_review([Event(AT, "A. Operator", "review", text), Event(AT, "x", "status", text)])
    assert found == reviewed(REVIEW)
    assert last_review([]) is None


def test_the_newest_review_counts() -> None:
    second = replace(REVIEW, by="B", sop_instance_uids=("1.2",))
    events = [Event(AT, r.by, "review", event_text(r)) for r in (REVIEW, second)]
    assert last_review(events) == reviewed(second)


def test_the_mark_is_of_the_images_and_not_of_their_order() -> None:
    assert mark_of(["1.2", "1.3"]) == mark_of(["1.3", "1.2", "1.2"]) != mark_of(["1.2"])


@pytest.mark.parametrize(
    ("setting", "mandatory"),
    [
        ((), False),
        (("RX1",), True),
        (("rx1 ",), True),
        (("RX1 GATE",), True),
        (("*",), True),
        (("RR8",), False),
    ],
)
def test_a_review_is_mandatory_by_hospital_by_node_or_everywhere(
    setting: tuple[str, ...], mandatory: bool
) -> None:
    assert is_mandatory(setting, "RX1", "RX1 GATE") is mandatory
    assert is_mandatory(setting, "", "") is (setting == ("*",))


def test_the_gate_says_what_a_review_lacks() -> None:
    done = reviewed(REVIEW)
    assert review_missing(None, ["1.2"], mandatory=False) is None
    missing = review_missing(None, ["1.2"], mandatory=True)
    changed = review_missing(done, ["1.2", "1.4"], mandatory=True)
    met = review_missing(done, ["1.3", "1.2"], mandatory=True)
    assert missing is not None
    assert changed is not None
    assert met is not None
    assert (missing.verdict, missing.lift) == (Verdict.BLOCKS, "Review the images")
    assert (changed.verdict, changed.title) == (Verdict.BLOCKS, "Other images go than were reviewed")
    assert (met.verdict, met.title) == (Verdict.MET, "Reviewed by A. Operator")
    assert review_missing(done, None, mandatory=True) == met  # not listed yet


# --- over a ledger and a PACS -----------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Orthanc]:
    with run_orthanc(tmp_path_factory.mktemp("orthanc")) as running:
        yield running


@pytest.fixture
def us(tmp_path: Path, archive: Orthanc) -> Party:
    archive.clear()
    pacs = replace(archive.node, name=f"{US} PACS", hospital=US, role=NodeRole.PACS)
    party = Party(tmp_path / "profile", pacs, ods=US)
    party.configure(review_before_send=(THEM,), delivery_node=f"{US} PACS")
    with party.desk() as desk:
        desk.nodes.add(Node(f"{THEM} GATE", NodeRole.GATEWAY, THEM, "GATE", "127.0.0.1", 9))
    return party


def _order(us: Party, folder: Path, *uids: str) -> TransferOrder:
    study = us.store(folder)
    form: Form = parse_form(us.export_form(THEM).read_bytes())
    instances = tuple(Instance(uid, CT, "", study, "1.1") for uid in uids)
    return TransferOrder(THEM, form, (PacsStudy(study),), instances)


def test_nothing_is_sent_unreviewed_where_the_settings_ask_for_it(us: Party, tmp_path: Path) -> None:
    order = _order(us, tmp_path / "study", "1.2", "1.3")
    with us.desk() as desk:
        order = replace(order, studies=desk.transfers.as_they_are(order, Context()))
        shut = desk.transfers.assess(order, Context()).gate
        assert [check.code for check in shut.blocking] == ["review"]
        with pytest.raises(Refused, match="not been reviewed"):
            desk.transfers.create(order, Context())
        other = replace(order, review=replace(REVIEW, sop_instance_uids=("1.2",)))
        assert (
            desk.transfers.assess(other, Context()).gate.blocking[0].title
            == "Other images go than were reviewed"
        )
        sent = desk.transfers.create(replace(order, review=REVIEW), Context())
        events = desk.ledger.transactions.events(sent.id)
        assert [event.kind for event in events] == ["created", "review"]
        assert events[1].actor == "A. Operator"
        assert "2 images ticked; warning signs shown: likely burned-in text, duplicates" in events[1].text
        assert desk.export_gate.assess_transaction(sent, Context()).gate.is_open


def test_the_command_line_passes_the_same_gate(us: Party, tmp_path: Path) -> None:
    study = us.store(tmp_path / "study")
    command = ("transfer", "--to", THEM, "--form", us.export_form(THEM), "--study", study)
    code, refused = us.run(*command)
    assert code != 0
    assert "reviewed" in str(refused)
    us.configure(review_before_send=("RR8",))
    code, sent = us.run(*command)
    assert sent.get("number"), sent


def test_a_review_later_opens_the_gate_and_other_images_shut_it_again(us: Party, tmp_path: Path) -> None:
    us.configure(review_before_send=())
    order = _order(us, tmp_path / "study", "1.2", "1.3")
    with us.desk() as desk:
        order = replace(order, studies=desk.transfers.as_they_are(order, Context()))
        sent = desk.transfers.create(order, Context())
    us.configure(review_before_send=(f"{THEM} GATE",))
    with us.desk() as desk:
        gate, transactions = desk.export_gate, desk.ledger.transactions
        reviews = Reviews(transactions, lambda: desk.profile.stored().review_before_send)
        assert reviews.mandatory(sent.recipient, sent.node)
        assert [c.code for c in gate.assess_transaction(sent, Context()).gate.blocking] == ["review"]
        reviews.record(sent.id, REVIEW)
        assert reviews.of(sent.id) is not None
        assert gate.assess_transaction(sent, Context()).gate.is_open
        assert transactions.by_id(sent.id).required == ()
        reviews.record(sent.id, replace(REVIEW, sop_instance_uids=("1.2",)))
        assert not gate.assess_transaction(sent, Context()).gate.is_open


def test_what_an_admin_sets_while_the_program_runs_holds_from_the_next_send_on(
    us: Party, tmp_path: Path
) -> None:
    us.configure(review_before_send=())
    order = _order(us, tmp_path / "study", "1.2", "1.3")
    with us.desk() as window, us.desk() as engine:
        order = replace(order, studies=window.transfers.as_they_are(order, Context()))
        sent = window.transfers.create(order, Context())
        assert engine.export_gate.assess_transaction(sent, Context()).gate.is_open
        window.reviews.set_mandatory((THEM,))
        assert window.reviews.mandatory_for() == (THEM,)
        for desk in (window, engine):
            gate = desk.export_gate.assess_transaction(sent, Context()).gate
            assert [check.code for check in gate.blocking] == ["review"]
    assert settings.open_profile(us.root).settings.review_before_send == (THEM,)


def test_a_review_lifts_what_waited_for_it_and_lets_the_engine_ask_again(us: Party, tmp_path: Path) -> None:
    us.configure(review_before_send=())
    order = _order(us, tmp_path / "study", "1.2", "1.3")
    with us.desk() as desk:
        transactions = desk.ledger.transactions
        sent = desk.transfers.create(
            replace(order, studies=desk.transfers.as_they_are(order, Context())), Context()
        )
        gate = review_missing(None, mandatory=True)
        assert gate is not None
        other = Requirement("onward", "Say why", blocking=True)
        transactions.require(sent.id, (gate.as_requirement(), other))
        transactions.unqueue(sent.id)
        desk.reviews.record(sent.id, REVIEW)
        after = transactions.by_id(sent.id)
        assert ([one.code for one in after.required], after.queued) == (["onward"], False)
        transactions.require(sent.id, (gate.as_requirement(),))
        desk.reviews.record(sent.id, REVIEW)
        after = transactions.by_id(sent.id)
        assert (after.required, after.queued) == ((), True)


def test_an_attached_document_that_was_reviewed_too_is_no_other_image(us: Party, tmp_path: Path) -> None:
    order = _order(us, tmp_path / "study", "1.2", "1.3")
    report = Attachment("letter.txt", MediaType.TEXT, b"as dictated", correct=True)
    with us.desk() as desk:
        order = replace(order, studies=desk.transfers.as_they_are(order, Context()))
        sent = desk.transfers.create(replace(order, review=REVIEW, attachments=(report,)), Context())
        assert desk.export_gate.assess_transaction(sent, Context()).gate.is_open
        every = tuple(one.sop_instance_uid for one in desk.ledger.transactions.instances(sent.id))
        assert len(every) == 3
        desk.reviews.record(sent.id, replace(REVIEW, sop_instance_uids=every))
        assert desk.export_gate.assess_transaction(sent, Context()).gate.is_open


def test_a_review_by_nobody_or_of_nothing_is_not_written(us: Party) -> None:
    with us.desk() as desk:
        reviews = Reviews(desk.ledger.transactions)
        for wrong in (replace(REVIEW, by=" "), replace(REVIEW, sop_instance_uids=())):
            with pytest.raises(InvalidInput):
                reviews.record(1, wrong)


def test_the_setting_survives_the_profile(us: Party) -> None:
    us.configure(review_before_send=("RX1", "*"))
    with us.desk() as desk:
        assert desk.profile.settings.review_before_send == ("RX1", "*")
