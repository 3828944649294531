"""Pixels to 8-bit grey or RGB, as PS3.3 C.7.6.3, C.11.1 and C.11.2 ask: `image.open_image` is the door.

Decodes one frame at a time, refuses what contradicts itself, and never lets a native codec run in this process.
Must not know Qt. Kept empty of imports, so that the decoder process starts fast.
"""
