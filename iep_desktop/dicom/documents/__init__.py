"""Files that are no images, as `core.documents` names them: reports, waveforms, PDF, lists of tags.

`reading.read_document` is the door. What a foreign file says is text to show, never trusted, never markup.
"""
