"""Waveforms as channels in their units (PS3.3 A.34, C.10.9): stored samples × sensitivity × correction + baseline.

Owns the layout of waveform data and what of it makes no sense. Draws nothing.
"""

from __future__ import annotations

from array import array
from typing import Any

import numpy as np
from pydicom.dataset import Dataset

from iep_desktop.core.documents import Channel, Facts, Waveform, WaveGroup
from iep_desktop.core.errors import Permanent
from iep_desktop.dicom.documents.values import coded, day_and_time, moment, name, unit, words
from iep_desktop.dicom.render.arrays import Pixels
from iep_desktop.dicom.render.attributes import integer, items, number, raw_bytes

MOST_VALUES = 24_000_000  # of a group: an hour of twelve leads at 500 Hz; more would fill the memory
_MOST_CHANNELS = 512
_MOST_FREQUENCY = 1e8

# Waveform Sample Interpretation (5400,1006), PS3.3 C.10.9.1.5
_TYPES = {"SB": "i1", "UB": "u1", "SS": "<i2", "US": "<u2", "SL": "<i4", "UL": "<u4"}
_AUDIO = {"MB", "AB"}


def waveform(ds: Dataset, kind: str) -> Waveform:
    """Raises Permanent where no group of channels can be shown, with the reason."""
    groups: list[WaveGroup] = []
    wrong = ""
    for number_, item in enumerate(items(ds, "WaveformSequence"), start=1):
        try:
            groups.append(_group(item, number_))
        except Permanent as error:
            wrong = error.message
    if not groups:
        raise _unshowable(wrong or "It holds no waveforms.")
    return Waveform(kind, _facts(ds), tuple(groups))


def _facts(ds: Dataset) -> Facts:
    found = (
        ("Patient", name(ds, "PatientName")),
        ("Recorded", moment(words(ds, "AcquisitionDateTime")) or day_and_time(ds, "Content")),
        ("Institution", words(ds, "InstitutionName")),
        ("Device", f"{words(ds, 'Manufacturer')} {words(ds, 'ManufacturerModelName')}".strip()),
        *(
            ("Note", words(item, "UnformattedTextValue"))
            for item in items(ds, "WaveformAnnotationSequence")[:40]
        ),
    )
    return tuple((label, value) for label, value in found if value)


def _group(item: Dataset, place: int) -> WaveGroup:
    definitions = items(item, "ChannelDefinitionSequence")
    channels = integer(item, "NumberOfWaveformChannels", len(definitions))
    samples = integer(item, "NumberOfWaveformSamples", 0)
    frequency = number(item, "SamplingFrequency") or 0.0
    if not 0 < channels <= _MOST_CHANNELS or samples < 1:
        raise _unshowable(f"It announces {channels} channels of {samples} samples.")
    if not 0 < frequency <= _MOST_FREQUENCY:
        raise _unshowable("Its sampling frequency is not known.")
    stored, remark = _samples(item, channels, samples)
    label = words(item, "MultiplexGroupLabel") or f"Group {place}"
    padding = _padding(item, stored.dtype)
    return WaveGroup(label, frequency, _channels(stored, definitions, padding), remark)


def _samples(item: Dataset, channels: int, samples: int) -> tuple[Pixels, str]:
    """Samples × channels, as they are stored, and what of them is missing."""
    interpretation = words(item, "WaveformSampleInterpretation")
    if interpretation in _AUDIO:
        raise _unshowable("It is sound, which cannot be shown.")
    if interpretation not in _TYPES:
        raise _unshowable(f"Its kind of samples is not known: {interpretation[:16]!r}.")
    kind = np.dtype(_TYPES[interpretation])
    data = raw_bytes(item, "WaveformData")
    there = len(data) // (kind.itemsize * channels)
    shown = min(samples, there, MOST_VALUES // channels)
    if shown < 1:
        raise _unshowable("Its samples are missing.")
    remark = "" if shown == samples else _left_out(shown, samples, cut=there < samples)
    return np.frombuffer(data, kind, shown * channels).reshape(shown, channels), remark


def _left_out(shown: int, samples: int, *, cut: bool) -> str:
    why = "the rest is missing in the file" if cut else "the rest is left out"
    return f"{shown} of {samples} samples are shown: {why}."


def _channels(stored: Pixels, definitions: list[Dataset], padding: Any) -> tuple[Channel, ...]:
    described = [*definitions, *[Dataset()] * stored.shape[1]]
    return tuple(_channel(stored[:, at], described[at], at + 1, padding) for at in range(stored.shape[1]))


def _channel(stored: Pixels, ds: Dataset, place: int, padding: Any) -> Channel:
    sensitivity = number(ds, "ChannelSensitivity")
    factor = (sensitivity or 1.0) * (number(ds, "ChannelSensitivityCorrectionFactor") or 1.0)
    with np.errstate(all="ignore"):
        values = stored.astype(np.float32) * np.float32(factor)
        values += np.float32((number(ds, "ChannelBaseline") or 0.0) if sensitivity else 0.0)
    if padding is not None:
        values[stored == padding] = np.nan
    label = words(ds, "ChannelLabel") or coded(ds, "ChannelSourceSequence") or f"Channel {place}"
    units = unit(ds, "ChannelSensitivityUnitsSequence") if sensitivity else ""
    numbers_ = array("f")
    numbers_.frombytes(values.tobytes())
    return Channel(label, units, numbers_, calibrated=sensitivity is not None)


def _padding(item: Dataset, kind: np.dtype[Any]) -> Any:
    """Waveform Padding Value (5400,100A), in the samples' own type; None where there is none."""
    data = raw_bytes(item, "WaveformPaddingValue")
    return np.frombuffer(data, kind, 1)[0] if len(data) >= kind.itemsize else None


def _unshowable(reason: str) -> Permanent:
    return Permanent("The waveform cannot be shown", reason)
