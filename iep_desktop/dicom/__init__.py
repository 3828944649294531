"""DICOM files and DICOM network: pydicom and pynetdicom live here; knows no database and no Qt."""
