"""DICOM: media, files, network. Knows pydicom and pynetdicom, no database and no Qt.

What pydicom logs or warns of can quote a patient's name; neither reaches a log or a terminal.
"""

import logging
import warnings

logging.getLogger("pydicom").setLevel(logging.CRITICAL)
warnings.filterwarnings("ignore", category=UserWarning, module=r"pydicom(\.|$)")
