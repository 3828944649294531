"""One script per figure; each prints one line with the figure, the ratio and the bar."""

import os

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")  # before Qt is loaded: no screen is needed
