"""Waveforms in their units: sensitivity, correction, baseline, padding, and what makes no sense."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from iep_desktop.core.documents import Unshown, Waveform, WaveGroup
from iep_desktop.dicom.documents import waveform as module
from iep_desktop.dicom.documents.reading import read_document
from tests.dicom.documents.making import SAMPLES, channel, ecg

SAMPLES_16 = np.array([[0, 100], [10, -100], [20, 32767]], "<i2")


def _group(path: Path) -> WaveGroup:
    document = read_document(path)
    assert isinstance(document, Waveform), document
    return document.groups[0]


def test_samples_become_values_in_their_unit(tmp_path: Path) -> None:
    channels = [
        channel("I", ChannelSensitivityCorrectionFactor="2", ChannelBaseline="1"),
        channel("II", unit="mm[Hg]", ChannelLabel="ART"),
    ]
    group = _group(ecg(tmp_path / "e.dcm", SAMPLES_16, channels=channels))
    assert (group.frequency, group.seconds) == (500.0, 3 / 500)
    first, second = group.channels
    assert (first.label, first.unit, list(first.values)) == ("I", "mV", [1.0, 11.0, 21.0])
    assert (second.label, second.unit, list(second.values)) == ("ART", "mm[Hg]", [50.0, -50.0, 16383.5])


def test_padding_is_no_value(tmp_path: Path) -> None:
    path = ecg(tmp_path / "e.dcm", SAMPLES_16, WaveformPaddingValue=b"\xff\x7f")
    values = _group(path).channels[1].values
    assert values[1] == -50.0
    assert math.isnan(values[2])


def test_channels_without_sensitivity_are_bare_numbers(tmp_path: Path) -> None:
    channels = [channel("I", sensitivity=None), channel("II")]
    first, second = _group(ecg(tmp_path / "e.dcm", SAMPLES_16, channels=channels)).channels
    assert (first.calibrated, first.unit, first.values[1]) == (False, "", 10.0)
    assert second.calibrated


@pytest.mark.parametrize(
    ("interpretation", "kind", "value"),
    [
        ("UB", "u1", 200),
        ("SB", "i1", -100),
        ("US", "<u2", 60000),
        ("SL", "<i4", -70000),
        ("UL", "<u4", 70000),
    ],
)
def test_every_size_of_sample_is_read(tmp_path: Path, interpretation: str, kind: str, value: int) -> None:
    path = ecg(tmp_path / "e.dcm", np.array([[value], [0]], kind), interpretation)
    assert _group(path).channels[0].values[0] == value / 2


def test_a_waveform_that_is_cut_short_shows_what_is_there(tmp_path: Path) -> None:
    group = _group(ecg(tmp_path / "e.dcm", SAMPLES_16, NumberOfWaveformSamples=500))
    assert len(group.channels[0].values) == 3
    assert group.remark == "3 of 500 samples are shown: the rest is missing in the file."


def test_a_waveform_longer_than_memory_is_left_out_in_part(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MOST_VALUES", 4)
    group = _group(ecg(tmp_path / "e.dcm", SAMPLES_16))
    assert len(group.channels[0].values) == 2
    assert group.remark == "2 of 3 samples are shown: the rest is left out."


@pytest.mark.parametrize(
    ("attributes", "reason"),
    [
        ({"NumberOfWaveformChannels": 0}, "0 channels"),
        ({"NumberOfWaveformChannels": 65535}, "65535 channels"),
        ({"SamplingFrequency": "0"}, "frequency"),
        ({"WaveformSampleInterpretation": "MB"}, "sound"),
        ({"WaveformSampleInterpretation": "XX"}, "not known"),
        ({"NumberOfWaveformSamples": 0}, "0 samples"),
    ],
)
@pytest.mark.filterwarnings("ignore::UserWarning")
def test_what_makes_no_sense_is_refused_with_the_reason(
    tmp_path: Path, attributes: dict[str, Any], reason: str
) -> None:
    from pydicom import config

    with config.disable_value_validation():
        path = ecg(tmp_path / "e.dcm", SAMPLES_16, **attributes)
    document = read_document(path)
    assert isinstance(document, Unshown)
    assert reason in document.reason


def test_a_real_ecg_has_its_leads_and_amplitudes() -> None:
    document = read_document(SAMPLES / "waveform_ecg.dcm")
    assert isinstance(document, Waveform)
    rhythm, median = document.groups
    assert (rhythm.label, rhythm.frequency, rhythm.seconds, len(rhythm.channels)) == ("RHYTHM", 1000, 10, 12)
    lead = rhythm.channels[1]
    assert (lead.label, lead.unit, max(lead.values), min(lead.values)) == ("Lead II", "uV", 1137.5, -208.75)
    assert median.seconds == pytest.approx(1.2)
