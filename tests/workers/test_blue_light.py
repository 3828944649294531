"""Figure 9 with small sizes: a Blue Light does not wait for anybody's study to end."""

from __future__ import annotations

import pytest
from PySide6.QtWidgets import QApplication

from benchmarks.blue_light import BAR, measure


@pytest.mark.alone
def test_a_blue_lights_first_image_is_with_the_peer_within_a_second_though_every_slot_is_busy(
    qapp: QApplication,
) -> None:
    taken = measure(1)
    assert set(taken) == {"one engine", "two engines"}
    assert max(time for times in taken.values() for time in times) <= BAR
