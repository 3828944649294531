"""What reading a medium finds wrong, in plain words for the person at the workstation (cli.md).

Owns wording and severity. Never a patient's name or number in a message: messages are logged and sent around. Paths are
shown with control characters escaped, because a file's name is written by strangers and read on terminals.
"""

from __future__ import annotations

from iep_desktop.core.medium import Finding, FindingCode, Severity

_PROGRAMS = (
    "exe",
    "dll",
    "inf",
    "ini",
    "com",
    "bat",
    "cmd",
    "msi",
    "ocx",
    "jar",
    "js",
    "sh",
    "app",
    "dylib",
    "so",
)
_DOCUMENTS = (
    "htm",
    "html",
    "txt",
    "pdf",
    "css",
    "xml",
    "xsl",
    "gif",
    "jpg",
    "jpeg",
    "png",
    "ico",
    "bmp",
    "rtf",
    "doc",
)
_PRIVATE_CLASSES = {
    "1.3.12.2.1107.5.9.1": "Siemens CSA Non-Image",
    "1.3.46.670589.11.0.0.12.1": "Philips MR Spectrum",
    "1.3.46.670589.11.0.0.12.2": "Philips MR Series Data",
    "1.3.46.670589.11.0.0.12.4": "Philips MR Examcard",
    "1.2.840.113619.4.2": "GE CT Image Info",
    "1.2.840.113619.4.3": "GE Display Image Info",
    "1.2.392.200036.9116.7.8.1.1.1": "Toshiba Private Data",
}


def no_dicomdir() -> Finding:
    return _finding(FindingCode.NO_DICOMDIR, Severity.WARNING, "No DICOMDIR: every file is read instead", "")


def dicomdir_unreadable(path: str, why: str) -> Finding:
    message = f"The DICOMDIR cannot be read in full ({why}): every file is read instead"
    return _finding(FindingCode.DICOMDIR_UNREADABLE, Severity.WARNING, message, path)


def missing(path: str) -> Finding:
    message = "The DICOMDIR lists this file, the medium does not hold it"
    return _finding(FindingCode.MISSING_FILE, Severity.ERROR, message, path)


def unlisted(path: str) -> Finding:
    message = "The DICOMDIR does not list this image; it was found by reading every file"
    return _finding(FindingCode.UNLISTED_FILE, Severity.WARNING, message, path)


def unreadable(path: str, message: str) -> Finding:
    return _finding(FindingCode.UNREADABLE_FILE, Severity.ERROR, message, path)


def listed_but_not_dicom(path: str) -> Finding:
    return unreadable(path, "The DICOMDIR lists this file as an image, but it is not DICOM")


def not_dicom(path: str) -> Finding:
    extension = path.rpartition("/")[2].lower().rpartition(".")[2]
    message = "Not a DICOM file: ignored"
    if extension in _PROGRAMS:
        message = "A program or its settings: ignored, never started"
    elif extension in _DOCUMENTS:
        message = "A document or picture of the medium itself: ignored"
    return _finding(FindingCode.NOT_DICOM, Severity.INFO, message, path)


def another_directory(path: str) -> Finding:
    message = "A directory of images under another name than DICOMDIR: not used"
    return _finding(FindingCode.NOT_DICOM, Severity.INFO, message, path)


def duplicate(path: str, first: str) -> Finding:
    message = f"A copy of the image in {printable(first)}: taken once"
    return _finding(FindingCode.DUPLICATE_INSTANCE, Severity.INFO, message, path)


def listed_twice(path: str) -> Finding:
    message = "The DICOMDIR lists this file more than once: taken once"
    return _finding(FindingCode.DUPLICATE_INSTANCE, Severity.INFO, message, path)


def different_duplicate(path: str, first: str) -> Finding:
    message = f"Has the same UID as {printable(first)} but differs from it: not taken. Ask the sender which is right"
    return _finding(FindingCode.DIFFERENT_DUPLICATE, Severity.ERROR, message, path)


def outside(path: str, message: str) -> Finding:
    return _finding(FindingCode.OUTSIDE_MEDIUM, Severity.WARNING, message, path)


def reference_outside(path: str) -> Finding:
    return outside(path, "The DICOMDIR refers to a file outside the medium: not followed")


def contradicts(path: str, what: list[str]) -> Finding:
    message = f"The DICOMDIR says another {' and '.join(what)} than the file: the file counts"
    return _finding(FindingCode.CONTRADICTS_FILE, Severity.WARNING, message, path)


def unsupported_class(path: str, uid: str) -> Finding:
    name = _PRIVATE_CLASSES.get(uid)
    message = (
        f"Of a kind that DICOM does not know ({name or 'SOP Class'} {printable(uid)}): PACS may refuse it"
    )
    return _finding(FindingCode.UNSUPPORTED_CLASS, Severity.WARNING, message, path)


def suspicious_preamble(path: str, kind: str, severity: Severity) -> Finding:
    message = f"Its first bytes are those of {kind}: nothing of it is started, and the import clears them"
    return _finding(FindingCode.SUSPICIOUS_PREAMBLE, severity, message, path)


def printable(text: str) -> str:
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else f"\\x{ord(c):02x}" for c in text)


def _finding(code: FindingCode, severity: Severity, message: str, path: str) -> Finding:
    return Finding(code, severity, message, printable(path))
