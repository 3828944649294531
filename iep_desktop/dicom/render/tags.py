"""The attributes that rendering and its overlay texts need: all others are skipped while reading."""

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
    Modality InstanceNumber SeriesDescription StudyDescription InstitutionName StationName
    StudyDate SeriesDate AcquisitionDate ContentDate StudyTime SeriesTime AcquisitionTime ContentTime
    ImageLaterality Laterality PatientOrientation ImagePositionPatient ImageOrientationPatient FrameOfReferenceUID
    PixelSpacingCalibrationType SequenceOfUltrasoundRegions
    ExtendedOffsetTable ExtendedOffsetTableLengths
"""

TAGS: list[int] = [tag for keyword in _KEYWORDS.split() if (tag := tag_for_keyword(keyword)) is not None]
TAGS += [group << 16 | element for group in GROUPS for element in ELEMENTS]
