"""On what evidence images count as arrived, and those to which their node does not commit itself."""

from __future__ import annotations

from dataclasses import replace

from iep_desktop.core.evidence import Evidence, Uncommitted
from iep_desktop.core.states import with_commitment
from iep_desktop.core.transaction import Details, Event, Status, TransactionType
from iep_desktop.ui.acts import Act, lifting
from iep_desktop.ui.details.images import LISTED, evidence, without_commitment
from iep_desktop.ui.details.sections import buttons_for
from iep_desktop.ui.possible import possible
from tests.ui.fake_desk import NOW, transaction

SHOWN = Event(NOW, "engine", "verified", "PACS shows 2 images, by instance")


def details(**changes: object) -> Details:
    return replace(Details(transaction(1), (SHOWN,), (), ()), **changes)  # type: ignore[arg-type]


def test_one_kind_of_evidence_is_told_in_the_nodes_own_words() -> None:
    assert evidence(details()) == "Verified: PACS shows 2 images, by instance"
    one = details(evidence=((Evidence.INSTANCE, 2),))
    assert evidence(one) == "Verified: PACS shows 2 images, by instance"


def test_commitment_and_mixed_evidence_are_told_with_their_numbers() -> None:
    mixed = details(evidence=((Evidence.COMMITMENT, 398), (Evidence.INSTANCE, 1)))
    assert evidence(mixed) == "Verified: 398 images by storage commitment, 1 image by instance"
    whole = details(evidence=((Evidence.COMMITMENT, 2),))
    assert evidence(whole) == "Verified: 2 images by storage commitment"


def test_images_without_commitment_are_named_with_what_the_node_says() -> None:
    one = Uncommitted("1.2.3", "1.2", "CT", "Head", "the node does not have the image (0112)")
    words = without_commitment(details(uncommitted=(one,)))
    assert words == "Without commitment: 1 image\nCT Head, 1.2.3: the node does not have the image (0112)"
    assert without_commitment(details()) == ""


def test_a_long_list_ends_with_the_way_to_the_rest() -> None:
    many = tuple(Uncommitted(f"1.{n}", "1", "CT", "Head", "late") for n in range(LISTED + 5))
    last = without_commitment(details(uncommitted=many)).splitlines()[-1]
    assert last.startswith("And 5 images more: iep-desktop show")


def test_what_is_delivered_without_commitment_can_be_accepted_and_what_is_not_is_tried_again() -> None:
    delivered = replace(
        transaction(1, status=Status.DELIVERED),
        type=TransactionType.CD_IMPORT,
        required=with_commitment((), 2, Status.DELIVERED, moving=False),
    )
    under_way = replace(
        delivered,
        status=Status.UPLOADING,
        required=with_commitment((), 2, Status.UPLOADING, moving=True),
    )
    for row, act in ((delivered, Act.ACCEPT_EVIDENCE), (under_way, Act.RETRY)):
        (required,) = row.required
        assert lifting(required, row) is act
        assert buttons_for(required, row) == (act,)
        assert act in possible(row, "")
