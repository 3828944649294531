"""Two hospitals, four real archives, one ledger: each step asserted at both ends and in the archives' own answers."""

from __future__ import annotations

from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

import pytest
from pydicom import dcmread

from iep_desktop.core.job import Context
from iep_desktop.core.transaction import Status
from tests.peers import Orthanc
from tests.two_hospitals import IDENTITY, THEM, US, Pair, four_archives, pair_over, store_study


@pytest.fixture(scope="module")
def archives(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Orthanc]]:
    with four_archives(tmp_path_factory.mktemp("archives")) as running:
        yield running


@pytest.fixture
def pair(tmp_path: Path, archives: dict[str, Orthanc]) -> Pair:
    return pair_over(tmp_path, archives)


def test_images_that_one_hospital_asks_for_travel_into_the_pacs_of_the_other(
    pair: Pair, archives: dict[str, Orthanc], tmp_path: Path
) -> None:
    us, them = pair.us, pair.them
    us.store(tmp_path / "known", images=1, StudyDate="20200101")
    study = them.store(tmp_path / "study", images=5)

    code, asked = us.run("request", "--to", THEM, "--form", us.form(hospital=THEM))
    request = asked["number"]
    assert (code, pair.statuses(request)) == (0, ("New", "New")), asked  # theirs is the first look
    assert us.status(request) == "Started"

    code, _ = them.run("accept", request)
    assert (code, pair.statuses(request)) == (3, ("Accepted", "Accepted"))

    code, sent = them.run(
        "transfer",
        "--to",
        US,
        "--form",
        them.export_form(US),
        "--study",
        study,
        "--answers",
        request,
        "--wait",
    )
    transfer = sent["number"]
    assert (code, pair.statuses(transfer)) == (0, ("On IEP", "On IEP")), sent
    assert len(archives["our gateway"].sop_instance_uids()) == 5
    assert len(archives["our pacs"].sop_instance_uids()) == 1

    code, got = us.run("download", transfer, "--wait")
    assert (code, got["status"], got["instances"]["verified"]) == (0, "Delivered", 5), got
    assert pair.statuses(transfer) == ("Delivered", "Delivered")
    assert pair.statuses(request) == ("Delivered", "Delivered")
    assert len(archives["our pacs"].sop_instance_uids()) == 6
    patients = archives["our pacs"].rest("/patients?expand")
    assert {p["MainDicomTags"]["PatientID"] for p in patients} == {"S999111"}


def sent(pair: Pair, folder: Path, images: int = 3, **options: str) -> str:
    """An unasked transfer from them to us that lies On IEP; its number."""
    study = pair.them.store(folder, images=images)
    more = [part for option, value in options.items() for part in (f"--{option.replace('_', '-')}", value)]
    form = pair.them.export_form(US)
    code, document = pair.them.run("transfer", "--to", US, "--form", form, "--study", study, "--wait", *more)
    assert (code, document["status"]) == (0, "On IEP"), document
    return str(document["number"])


def test_what_comes_unasked_waits_for_our_own_form_before_it_goes_to_pacs(
    pair: Pair, archives: dict[str, Orthanc], tmp_path: Path
) -> None:
    number = sent(pair, tmp_path / "study")
    code, document = pair.us.run("download", number, "--wait")
    assert (code, document["tab"]) == (3, "Action Required")
    assert document["required"] == ["Whose images these are here is not decided (R-GATE-1, §2.7a)"]
    assert archives["our pacs"].sop_instance_uids() == []

    form = pair.us.form(hospital=THEM)
    code, document = pair.us.run("match", number, "--form", form, "--registered", "--wait")
    assert (code, pair.statuses(number)) == (0, ("Delivered", "Delivered")), document
    (patient,) = archives["our pacs"].rest("/patients?expand")
    assert patient["MainDicomTags"]["PatientID"] == "S999111"
    assert pair.them.show(number)["patient"]["hospital_no"] == "K0999222"


def test_images_of_another_patient_than_our_form_says_stay_off_pacs(
    pair: Pair, archives: dict[str, Orthanc], tmp_path: Path
) -> None:
    number = sent(pair, tmp_path / "study")
    pair.us.run("download", number, "--wait")
    other = pair.us.form(hospital=THEM, patient__name="OTHER^BERT", patient__birth_date="1950-02-02")
    code, document = pair.us.run("match", number, "--form", other, "--registered", "--wait")
    assert (code, document["tab"]) == (3, "Action Required")
    assert any("differ" in line or "nothing in common" in line for line in document["required"]), document
    assert archives["our pacs"].sop_instance_uids() == []


def test_a_declined_request_is_reworked_and_answered_with_its_thread_kept(pair: Pair, tmp_path: Path) -> None:
    us, them = pair.us, pair.them
    request = us.run("request", "--to", THEM, "--form", us.form(hospital=THEM))[1]["number"]
    them.run("decline", request, "--reason", "other", "--text", "Which CT is meant?")
    assert pair.statuses(request) == ("Decline", "Decline")
    assert us.show(request)["tab"] == "Action Required"
    us.run("message", request, "The one of January")
    assert us.run("retry", request, "--form", us.form(hospital=THEM, comments="January"))[0] == 0
    assert us.status(request) == "New"
    assert [m["text"] for m in them.show(request)["thread"]] == ["The one of January"]
    assert them.run("accept", request)[0] == 3
    study = them.store(tmp_path / "study")
    code, document = them.run(
        "transfer",
        "--to",
        US,
        "--form",
        them.export_form(US),
        "--study",
        study,
        "--answers",
        request,
        "--wait",
    )
    assert (code, document["status"]) == (0, "On IEP")
    us.run("download", document["number"])
    us.work()
    code, document = us.run(
        "match", document["number"], "--form", us.form(hospital=THEM), "--registered", "--wait"
    )
    assert (code, pair.statuses(request)) == (0, ("Delivered", "Delivered")), document


def test_nothing_answers_a_request_that_has_not_been_accepted(pair: Pair, tmp_path: Path) -> None:
    us, them = pair.us, pair.them
    request = us.run("request", "--to", THEM, "--form", us.form(hospital=THEM))[1]["number"]
    study = them.store(tmp_path / "study")
    code, document = them.run(
        "transfer", "--to", US, "--form", them.export_form(US), "--study", study, "--answers", request
    )
    assert (code, document["error"]["title"]) == (5, f"{request} is New")


def test_images_stored_to_our_gateway_without_a_transaction_become_a_row_that_waits_for_a_person(
    pair: Pair, archives: dict[str, Orthanc], tmp_path: Path
) -> None:
    store_study(archives["our gateway"].node, tmp_path / "stray", images=2, **IDENTITY, PatientID="N1")
    pair.us.work()
    pair.us.work()  # silence in between: it is complete
    (row,) = pair.us.run("worklist", "--tab", "action-required")[1]["transactions"]
    assert (row["type"], row["status"], row["instances"]["total"]) == ("Direct Routing", "On IEP", 2)
    assert row["patient"]["name"] == "TESTING^ANNA"
    pair.us.work()
    assert pair.us.run("worklist")[1]["total"] == 1
    assert archives["our pacs"].sop_instance_uids() == []

    number = row["number"]
    code, document = pair.us.run("download", number, "--wait")
    assert (code, document["required"][0][:20]) == (3, "Whose images these a")
    code, document = pair.us.run(
        "match", number, "--form", pair.us.form(hospital=THEM), "--registered", "--wait"
    )
    assert (code, document["status"]) == (0, "Delivered"), document
    assert len(archives["our pacs"].sop_instance_uids()) == 2


def test_a_report_travels_with_the_transaction_and_as_a_document_of_the_study(
    pair: Pair, archives: dict[str, Orthanc], tmp_path: Path
) -> None:
    pdf, text = tmp_path / "report.pdf", tmp_path / "report.txt"
    pdf.write_bytes(b"%PDF-1.4\n1 0 obj<<>>endobj\ntrailer<<>>\n%%EOF\n")
    text.write_text("No fracture. Größe 3 mm.", "utf-8")
    study = pair.them.store(tmp_path / "study", images=2)
    command: list[str | Path] = [
        "transfer",
        "--to",
        US,
        "--form",
        pair.them.export_form(US),
        "--study",
        study,
        "--wait",
    ]
    code, document = pair.them.run(*command, "--attach", pdf)
    assert (code, document["error"]["rule"]) == (5, "R-TRAUMA")
    code, document = pair.them.run(*command, "--attach", pdf, "--attach", text, "--attachments-correct")
    assert (code, document["status"], document["instances"]["verified"]) == (0, "On IEP", 4), document

    stored = [
        dcmread(BytesIO(archives["our gateway"].file(uid)))
        for uid in archives["our gateway"].sop_instance_uids()
    ]
    documents = {ds.SOPClassUID.name: ds for ds in stored if "PixelData" not in ds}
    assert set(documents) == {"Encapsulated PDF Storage", "Basic Text SR Storage"}
    assert documents["Encapsulated PDF Storage"].EncapsulatedDocument.startswith(b"%PDF-1.4")
    assert documents["Basic Text SR Storage"].ContentSequence[0].TextValue == "No fracture. Größe 3 mm."
    assert {(ds.StudyInstanceUID, ds.PatientID, str(ds.PatientName)) for ds in stored} == {
        (study, "K0999222", "TESTING^ANNA")
    }
    with pair.us.desk() as desk:
        key = desk.reading.transaction(document["number"]).id
        infos = desk.transfers.attachments(key)
        assert [info.name for info in infos] == ["report.pdf", "report.txt"]
        assert desk.transfers.attachment(key, infos[0].id).content == pdf.read_bytes()


@pytest.mark.parametrize(
    ("name", "content", "title"),
    [
        ("tool.exe", b"MZ\x90\x00\x03", "Only PDF and plain text can be attached"),
        ("report.pdf", b"%PDF-1.4 cut", "The PDF is cut short"),
        ("report.pdf", b"PK\x03\x04\x00", "Only PDF and plain text can be attached"),
        ("empty.txt", b" \n", "The document is empty"),
    ],
)
def test_an_attachment_that_is_no_report_is_refused(
    pair: Pair, tmp_path: Path, name: str, content: bytes, title: str
) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    form = pair.them.export_form(US)
    code, document = pair.them.run(
        "transfer", "--to", US, "--form", form, "--study", "1.2.3", "--attach", path
    )
    assert (code, document["error"]["title"]) == (2, title)


def test_an_attachment_of_two_hundred_megabytes_is_refused_before_it_is_read(
    pair: Pair, tmp_path: Path
) -> None:
    path = tmp_path / "huge.pdf"
    with path.open("wb") as file:
        file.truncate(200_000_000)
    form = pair.them.export_form(US)
    code, document = pair.them.run(
        "transfer", "--to", US, "--form", form, "--study", "1.2.3", "--attach", path
    )
    assert (code, document["error"]["title"]) == (2, "The document is too large")


def test_a_study_of_another_patient_is_not_sent(pair: Pair, tmp_path: Path) -> None:
    study = pair.them.store(tmp_path / "study", PatientID="S999333", PatientName="OTHER^BERT")
    form = pair.them.export_form(US)
    code, document = pair.them.run("transfer", "--to", US, "--form", form, "--study", study)
    assert (code, document["error"]["rule"]) == (5, "R-GATE-4")
    assert "belongs to another patient" in document["error"]["message"]


def test_a_gateway_that_lost_images_after_on_iep_is_told_apart_from_a_whole_one(
    pair: Pair, archives: dict[str, Orthanc], tmp_path: Path
) -> None:
    number = sent(pair, tmp_path / "study", images=3)
    lost = archives["our gateway"].sop_instance_uids()[0]
    (found,) = archives["our gateway"].rest(
        "/tools/find", method="POST", body={"Level": "Instance", "Query": {"SOPInstanceUID": lost}}
    )
    archives["our gateway"].rest(f"/instances/{found}", method="DELETE")
    code, document = pair.us.run("download", number, "--wait")
    assert (code, document["error"]["title"]) == (4, "RWE GATE lacks 1 of 3 images")
    assert pair.statuses(number) == ("Failed", "Failed")
    assert archives["our pacs"].sop_instance_uids() == []


def test_images_that_the_gateway_holds_beyond_what_the_sender_says_are_told_and_left_there(
    pair: Pair, archives: dict[str, Orthanc], tmp_path: Path
) -> None:
    number = sent(pair, tmp_path / "study", images=2)
    uid = archives["our gateway"].rest("/studies?expand")[0]["MainDicomTags"]["StudyInstanceUID"]
    store_study(archives["our gateway"].node, tmp_path / "more", images=1, StudyInstanceUID=uid, **IDENTITY)
    pair.us.run("download", number, "--wait")
    with pair.us.desk() as desk:
        details = desk.reading.details(desk.reading.transaction(number).id)
    assert any("1 images of this study more than the sender says" in event.text for event in details.events)
    assert details.transaction.counts.total == 2


def test_both_ends_download_once_and_the_second_is_told(pair: Pair, tmp_path: Path) -> None:
    number = sent(pair, tmp_path / "study")
    assert pair.us.run("download", number)[0] == 0
    code, document = pair.us.run("download", number)
    assert (code, document["error"]["title"]) == (5, f"{number} is being downloaded")
    code, document = pair.them.run("download", number)
    assert (code, document["error"]["title"]) == (5, f"{number} was not sent to us")


def test_an_unwanted_transfer_is_declined_and_its_sender_told(pair: Pair, tmp_path: Path) -> None:
    number = sent(pair, tmp_path / "study")
    assert pair.us.run("decline", number, "--reason", "clinically-inappropriate")[0] == 0
    assert pair.statuses(number) == ("Decline", "Decline")
    assert pair.them.show(number)["required"] == ["Declined: clinically inappropriate (R-TX-6, §2.5)"]


def test_a_study_that_grows_while_it_is_sent_is_sent_whole(
    pair: Pair, archives: dict[str, Orthanc], tmp_path: Path
) -> None:
    them = pair.them
    study = them.store(tmp_path / "study", images=2)
    form = them.export_form(US)
    number = them.run("transfer", "--to", US, "--form", form, "--study", study)[1]["number"]
    with them.desk() as desk:
        key = desk.reading.transaction(number).id
        desk.ledger.transactions.move(key, Status.STARTED, "Started", "engine")
        upload = desk.legs.upload
        upload._list(desk.reading.by_id(key), Context())
        store_study(
            them.node, tmp_path / "late", images=1, StudyInstanceUID=study, **IDENTITY, PatientID="K0999222"
        )
    them.work()
    assert them.show(number)["instances"]["verified"] == 3
    assert pair.statuses(number) == ("On IEP", "On IEP")
    assert len(archives["our gateway"].sop_instance_uids()) == 3


def test_images_whose_study_pacs_knows_under_another_patient_stay_in_the_spool(
    pair: Pair, archives: dict[str, Orthanc], tmp_path: Path
) -> None:
    number = sent(pair, tmp_path / "study")
    study = archives["our gateway"].rest("/studies?expand")[0]["MainDicomTags"]["StudyInstanceUID"]
    bert = {"PatientName": "OTHER^BERT", "PatientID": "S999333", "StudyInstanceUID": study}
    store_study(archives["our pacs"].node, tmp_path / "other", images=1, **bert)
    pair.us.run("download", number, "--wait")
    code, document = pair.us.run(
        "match", number, "--form", pair.us.form(hospital=THEM), "--registered", "--wait"
    )
    assert (code, document["required"]) == (
        3,
        ["PACS has 1 of the studies under another patient (R-GATE-5, §2.7e)"],
    )
    assert len(archives["our pacs"].sop_instance_uids()) == 1


def test_a_declined_transfer_is_offered_again_after_a_word(pair: Pair, tmp_path: Path) -> None:
    number = sent(pair, tmp_path / "study")
    pair.us.run("decline", number, "--reason", "other", "--text", "Whose is it?")
    pair.them.run("message", number, "It is the patient of ward 3")
    assert pair.us.show(number)["required"] == ["Answer a message (R-TX-5, A1)"]
    assert pair.them.run("retry", number)[0] == 0
    assert pair.statuses(number) == ("On IEP", "On IEP")
    assert pair.us.show(number)["required"][0].startswith("Download 3 images")
    assert pair.us.run("download", number)[0] == 0
