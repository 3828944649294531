"""The attributes that rendering needs: all others are skipped while reading."""

from __future__ import annotations

from pydicom.datadict import tag_for_keyword

from iep_desktop.dicom.render.overlays import ELEMENTS, GROUPS

_KEYWORDS = """
    SpecificCharacterSet SOPClassUID
    SamplesPerPixel PhotometricInterpretation PlanarConfiguration NumberOfFrames Rows Columns
    BitsAllocated BitsStored HighBit PixelRepresentation
    PixelPaddingValue PixelPaddingRangeLimit FloatPixelPaddingValue DoubleFloatPixelPaddingValue
    PixelSpacing ImagerPixelSpacing NominalScannedPixelSpacing PixelAspectRatio
    FrameTime FrameTimeVector CineRate RecommendedDisplayFrameRate
    RescaleIntercept RescaleSlope ModalityLUTSequence
    WindowCenter WindowWidth WindowCenterWidthExplanation VOILUTFunction VOILUTSequence PresentationLUTShape
    RedPaletteColorLookupTableDescriptor GreenPaletteColorLookupTableDescriptor BluePaletteColorLookupTableDescriptor
    RedPaletteColorLookupTableData GreenPaletteColorLookupTableData BluePaletteColorLookupTableData
    SegmentedRedPaletteColorLookupTableData SegmentedGreenPaletteColorLookupTableData
    SegmentedBluePaletteColorLookupTableData
    ShutterShape ShutterLeftVerticalEdge ShutterRightVerticalEdge ShutterUpperHorizontalEdge
    ShutterLowerHorizontalEdge CenterOfCircularShutter RadiusOfCircularShutter VerticesOfThePolygonalShutter
    ShutterPresentationValue
    SharedFunctionalGroupsSequence PerFrameFunctionalGroupsSequence
    ExtendedOffsetTable ExtendedOffsetTableLengths
"""

TAGS: list[int] = [tag for keyword in _KEYWORDS.split() if (tag := tag_for_keyword(keyword)) is not None]
TAGS += [group << 16 | element for group in GROUPS for element in ELEMENTS]
