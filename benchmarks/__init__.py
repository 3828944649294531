"""One script per figure; each prints one line with the figure, the ratio and the bar."""
