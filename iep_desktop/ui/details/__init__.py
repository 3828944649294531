"""One transaction in full: header, what is required, why it failed, images, RIS, messages, timeline."""
