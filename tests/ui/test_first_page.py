"""What the first page loads is measured (the window's start): nothing of the wizard, the queues, SQL or DICOM."""

from __future__ import annotations

import subprocess
import sys

SCRIPT = """
import sys
from iep_desktop.ui.main_window import MainWindow
import iep_desktop.ui.worklist.worklist_page
print([m for m in sys.modules if m.startswith((
    "sqlalchemy", "pydicom", "pynetdicom", "iep_desktop.store", "iep_desktop.dicom", "iep_desktop.ui.disc_wizard",
    "iep_desktop.ui.queues", "iep_desktop.ui.doing", "iep_desktop.ui.forecasts", "iep_desktop.core.exchange",
))])
"""


def test_the_first_page_loads_nothing_that_it_does_not_show() -> None:
    done = subprocess.run([sys.executable, "-c", SCRIPT], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
