#!/usr/bin/env python3
"""The developer's one door: run, test, lint, bench and shots, from nothing but a bare Python.

Owns `.venv`, the locked packages in it and, on Debian, the system packages. It must parse under any old Python,
to be able to say in a sentence what is missing: no syntax newer than Python 2.7 and only the standard library.
"""

from __future__ import print_function

import hashlib
import json
import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile

USAGE = """usage: python3 dev.py COMMAND [ARGUMENTS]

  run [ARGS]      the demo in a window; without a display, its main job on the command line.
                  ARGS go to `iep-desktop --demo`; `run -- ARGS` starts `iep-desktop ARGS` instead
  test [ARGS]     the tests; ARGS go to pytest
  lint            ruff, mypy and the import contracts
  bench [NAMES]   the benchmarks in one table; fails when a figure is short; `soak` runs by name only
  shots           a picture of every screen into docs/pictures
The first start makes .venv, installs what is needed; IEP_SKIP_SYSTEM=1 leaves system packages alone.
Exit codes: 2 unusable arguments, 69 this machine lacks something (the message says what), else the command's own.
"""

OLDEST = (3, 11)
UNUSABLE_ARGUMENTS, MACHINE_LACKS, INTERRUPTED = 2, 69, 130
SPACE_NEEDED = 1000  # MB: .venv takes 700, the rest is what the installer unpacks meanwhile

ROOT = os.path.dirname(os.path.abspath(__file__))
VENV = os.path.join(ROOT, ".venv")
PYTHON = os.path.join(VENV, *(["Scripts", "python.exe"] if os.name == "nt" else ["bin", "python"]))
MARKER = os.path.join(VENV, "installed-locks.json")

RUN_PACKAGES = (
    "libdbus-1-3 libegl1 libfontconfig1 libgl1 libglib2.0-0 libgssapi-krb5-2 libwayland-client0 libwayland-cursor0"
    " libwayland-egl1 libx11-xcb1 libxcb-cursor0 libxcb-icccm4 libxcb-image0 libxcb-keysyms1 libxcb-randr0"
    " libxcb-render-util0 libxcb-shape0 libxcb-sync1 libxcb-xfixes0 libxcb-xkb1 libxkbcommon-x11-0"
).split()
TEST_PACKAGES = RUN_PACKAGES + ["dcmtk", "orthanc", "orthanc-dicomweb", "xvfb"]

LINTS = (
    ("ruff check", ["-m", "ruff", "check", "."]),
    ("ruff format", ["-m", "ruff", "format", "--check", "."]),
    ("mypy --strict", ["-m", "mypy", "--strict", "iep_desktop"]),
    ("import contracts", ["-c", "from importlinter.cli import lint_imports_command; lint_imports_command()"]),
)

# What an installer says when it fails, and what we say then; the first match counts.
FAILURES = (
    (
        "No space left on device|Errno 28|enough free space",
        "The disk is full. Free about 1 GB for %s and the temporary folder, then try again." % VENV,
    ),
    (
        "DO NOT MATCH THE HASHES",
        "A downloaded package differs from its hash in requirements/, so it was not installed.",
    ),
    (
        "name resolution|Name or service|ould not resolve|getaddrinfo|NewConnection|Connection ref|timed out",
        "The package server cannot be reached. The first start needs the network (or a proxy in HTTPS_PROXY).",
    ),
    ("Permission denied|Errno 13|Read-only file", "No right to write there: check who owns %s." % ROOT),
    ("No matching distribution", "A locked package has no build for this Python on this system."),
)


class Cannot(Exception):
    """This machine lacks something; the message is a sentence for the person at the keyboard."""


def main(arguments):
    """Run one command and return its exit code; whatever the machine lacks ends in a sentence."""
    if sys.version_info < OLDEST:
        return complain(
            "dev.py needs Python 3.11 or newer; this is Python %d.%d. Install a newer one (Debian 12 has it as"
            " python3) and start dev.py with it: python3.11 dev.py test" % tuple(sys.version_info[:2])
        )
    if not arguments or arguments[0] in ("-h", "--help", "help"):
        print(USAGE, end="")
        return 0 if arguments else UNUSABLE_ARGUMENTS
    if arguments[0] not in COMMANDS:
        print("dev.py: there is no command %r.\n\n%s" % (arguments[0], USAGE), file=sys.stderr, end="")
        return UNUSABLE_ARGUMENTS
    try:
        return COMMANDS[arguments[0]](arguments[1:])
    except Cannot as problem:
        return complain(str(problem))
    except KeyboardInterrupt:
        print("\ndev.py: stopped.", file=sys.stderr)
        return INTERRUPTED
    except OSError as problem:
        return complain(explain("dev.py", str(problem)))


# --- the commands ------------------------------------------------------------------------------------------------


def run(arguments):
    """Open the demo; where no window can open, do the demo's main job on the command line."""
    python = prepare("run.txt", RUN_PACKAGES)
    if arguments[:1] == ["--"]:
        return become([python, "-m", "iep_desktop"] + arguments[1:])
    no_window = why_no_window()
    if arguments or not no_window:
        return become([python, "-m", "iep_desktop", "--demo"] + arguments)
    return tour(python, no_window)


def test(arguments):
    """Run pytest on as many workers as the machine bears, then, alone, the tests that measure time."""
    pytest = [prepare("dev.txt", TEST_PACKAGES), "-m", "pytest"]
    workers = [] if "--pdb" in arguments else ["-n", str(min(3, os.cpu_count() or 1)), "--dist", "loadgroup"]
    if arguments:
        return become(pytest + workers + arguments, QT_QPA_PLATFORM="offscreen")
    code = subprocess.call(pytest + workers + ["-m", "not alone"], cwd=ROOT)
    if code == 1:  # what failed in the crowd is tried once more by itself: a time limit may be the machine's
        code = subprocess.call(pytest + ["--last-failed", "-m", "not alone"], cwd=ROOT)
    return code or become(pytest + ["-m", "alone"], QT_QPA_PLATFORM="offscreen")


def lint(_arguments):
    """Run every linter, also after one has complained."""
    python, failed = prepare("dev.txt", []), []
    for name, command in LINTS:
        say(name)
        if subprocess.call([python] + command, cwd=ROOT):
            failed.append(name)
    say("failed: %s" % ", ".join(failed) if failed else "all clean")
    return 1 if failed else 0


def bench(names):
    """Run the benchmarks and show their figures in one table."""
    scripts = benchmarks()
    unknown = set(names) - set(scripts)
    if unknown:
        words = ", ".join(sorted(unknown)), ", ".join(scripts)
        print("dev.py: no benchmark is called %s; there are: %s" % words, file=sys.stderr)
        return UNUSABLE_ARGUMENTS
    python = prepare("dev.txt", TEST_PACKAGES)
    rows = [row for name in names or [s for s in scripts if s != "soak"] for row in figures_of(python, name)]
    print_table(rows)
    return 0 if rows and all(row["met"] for row in rows) else 1


def shots(arguments):
    """Draw every screen of the demo into docs/pictures."""
    python, fresh = prepare("run.txt", RUN_PACKAGES), os.path.join(tempfile.mkdtemp(), "demo")
    command = [python, "-m", "iep_desktop", "--demo", "--profile", fresh, "screenshots", "docs/pictures"]
    return become(command + arguments, QT_QPA_PLATFORM="offscreen")


COMMANDS = {"run": run, "test": test, "lint": lint, "bench": bench, "shots": shots}


# --- the demo without a window -----------------------------------------------------------------------------------


def tour(python, no_window):
    """Import the demo's clean disc into the demo's PACS with the commands that a person would type."""
    say("%s The demo's main job follows on the command line." % no_window)
    profile = product(python, "where", quiet=True, of=["iep_desktop.demo"])["profile"]
    disc = os.path.join(profile, "discs", "clean")
    form = disc + ".form.json"
    say("The demo's profile is %s; a hospital's disc lies in %s." % (profile, disc))
    patient = product(python, "--json", "inspect", disc, quiet=True)["patients"][0]["patient_id"]
    say("What is on it:")
    product(python, "inspect", disc)
    say("Import it for the patient of the form %s, and wait until the PACS has every image:" % form)
    product(python, "import", disc, "--form", form, "--registered", "--patient", patient, "--wait")
    say("The transaction as the tabs show it:")
    product(python, "worklist")
    say("Done. With a display, `python3 dev.py run` shows the same in a window.")
    return 0


def product(python, *arguments, **how):
    """Run one command of the demo; shown as typed, or (quiet) its JSON returned."""
    quiet = how.get("quiet", False)
    if not quiet:
        say("$ iep-desktop --demo " + " ".join(arguments))
    command = [python, "-m"] + how.get("of", ["iep_desktop", "--demo"]) + list(arguments)
    done = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE if quiet else None)
    if done.returncode:
        sys.exit(done.returncode)  # it has said why
    return json.loads(done.stdout) if quiet else None


def why_no_window():
    """Say why no window can open here, or return None."""
    environ = os.environ.get
    if not sys.platform.startswith("linux") or environ("QT_QPA_PLATFORM"):
        return None
    wayland, display = environ("WAYLAND_DISPLAY"), environ("DISPLAY")
    if wayland and os.path.exists(os.path.join(environ("XDG_RUNTIME_DIR", ""), wayland)):
        return None
    if not display:
        return "There is no display here (neither DISPLAY nor WAYLAND_DISPLAY names one)."
    return None if display_answers(display) else "The display %s does not answer." % display


def display_answers(display):
    """Knock at an X server: Qt aborts the whole program when nobody is at home."""
    host, _, number = display.rpartition(":")
    try:
        number = int(number.split(".")[0])
        if host not in ("", "unix"):
            socket.create_connection((host, 6000 + number), timeout=3).close()
            return True
        with socket.socket(socket.AF_UNIX) as knock:
            knock.connect("/tmp/.X11-unix/X%d" % number)
    except (OSError, ValueError):
        return False
    return True


# --- benchmarks --------------------------------------------------------------------------------------------------


def benchmarks():
    """Name the scripts of benchmarks/; modules that they share do not run by themselves."""
    folder = os.path.join(ROOT, "benchmarks")
    names = sorted(f[:-3] for f in os.listdir(folder) if f.endswith(".py"))
    return [name for name in names if b'__name__ == "__main__"' in read(os.path.join(folder, name + ".py"))]


def figures_of(python, name):
    """Run one benchmark; it prints a JSON object per figure, its progress goes to standard error."""
    say("benchmark %s" % name)
    environment = dict(os.environ, PYTHONPATH=ROOT, QT_QPA_PLATFORM="offscreen")
    script = os.path.join(ROOT, "benchmarks", name + ".py")
    done = subprocess.run([python, script], cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True)
    rows = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]
    if not rows or (done.returncode and all(row["met"] for row in rows)):
        rows.append({"figure": "%s ended with code %d" % (name, done.returncode), "met": False})
    return rows


def print_table(rows):
    columns = ("figure", "ours", "theirs", "ratio", "wanted", "met")
    cells = [columns] + [tuple(cell(row.get(column, "")) for column in columns) for row in rows]
    widths = [max(len(line[i]) for line in cells) for i in range(len(columns))]
    for line in cells:
        print(" | ".join(text.ljust(width) for text, width in zip(line, widths)).rstrip())


def cell(value):
    if isinstance(value, bool):
        return "yes" if value else "SHORT"
    return "%.3g" % value if isinstance(value, float) else str(value)


# --- the environment ---------------------------------------------------------------------------------------------


def prepare(lock, system_packages):
    """Make sure of system packages, .venv and the lock's packages; return the Python to use."""
    install_system(system_packages)
    fingerprints = locks_at_hand()
    if not os.path.exists(PYTHON) or installed_locks().get(lock) != fingerprints[lock]:
        make_venv()
        say("Installing requirements/%s into .venv (a minute or two the first time)." % lock)
        pip = [PYTHON, "-m", "pip", "install", "--no-input", "--require-hashes", "--only-binary", ":all:"]
        step("pip", pip + ["-r", os.path.join(ROOT, "requirements", lock)])
        if lock != "dev.txt":  # which holds all of run.txt, in the same versions
            fingerprints = {lock: fingerprints[lock]}
        with open(MARKER, "w") as marker:
            json.dump(fingerprints, marker)
    return PYTHON


def locks_at_hand():
    """Fingerprint each lock, so that an unchanged one costs nothing at the next start."""
    paths = {name: os.path.join(ROOT, "requirements", name) for name in ("run.txt", "dev.txt")}
    return {name: hashlib.sha256(read(path)).hexdigest() for name, path in paths.items()}


def installed_locks():
    try:
        return json.loads(read(MARKER))
    except (OSError, ValueError):
        return {}


def make_venv():
    """Make .venv with pip in it, anew when its Python is gone, too old or without pip."""
    usable = "import sys, pip; sys.exit(sys.version_info < %r)" % (OLDEST,)
    if os.path.exists(PYTHON) and not subprocess.call([PYTHON, "-c", usable], stderr=subprocess.DEVNULL):
        return
    free = shutil.disk_usage(ROOT).free // 10**6
    if free < SPACE_NEEDED:
        raise Cannot(
            "The disk is too full: .venv needs %d MB and %s has %d left." % (SPACE_NEEDED, ROOT, free)
        )
    if not can_make_venv():
        install_system(["python%d.%d-venv" % sys.version_info[:2]])
    if not can_make_venv():
        raise Cannot(
            "This Python (%s) lacks the venv or ensurepip module. Use a complete Python 3.11 or newer."
            % sys.executable
        )
    say("Making .venv.")
    step("venv", [sys.executable, "-m", "venv", "--clear", VENV])


def can_make_venv():
    """Debian splits both off into python3-venv; ask in a fresh Python, which sees what was just installed."""
    ask = [sys.executable, "-c", "import venv, ensurepip"]
    return not subprocess.call(ask, stderr=subprocess.DEVNULL)


def install_system(wanted):
    """Install missing Debian packages when allowed to, else say the one command; elsewhere do nothing."""
    if os.environ.get("IEP_SKIP_SYSTEM") or not (shutil.which("dpkg-query") and shutil.which("apt-get")):
        return
    missing = sorted(set(wanted) - installed_packages()) if wanted else []
    if not missing:
        return
    install = ["apt-get", "install", "-y", "--no-install-recommends"] + missing
    rights = become_root()
    if rights is None:
        raise Cannot(
            "Some system packages are missing and only root may install them. Type this, then try again"
            " (IEP_SKIP_SYSTEM=1 goes on without):\n  sudo sh -c 'apt-get update && %s'" % " ".join(install)
        )
    say("Installing system packages: %s" % " ".join(missing))
    # One source out of order must not keep the rest from being installed, so update's verdict is not asked.
    subprocess.call(
        rights + ["apt-get", "update", "-qq"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    step("apt-get", rights + install + ["-o", "DPkg::Lock::Timeout=120"])


def installed_packages():
    """Return the names of installed packages and of what they provide (libglib2.0-0t64 is libglib2.0-0)."""
    show = ["dpkg-query", "-W", "-f", "${db:Status-Status},${Package},${Provides}\n"]
    lines = subprocess.run(show, stdout=subprocess.PIPE, text=True).stdout.splitlines()
    fields = [line.split(",") for line in lines if line.startswith("installed,")]
    return {name.split()[0] for names in fields for name in names[1:] if name.strip()}


def become_root():
    """Return what to put before a command that needs root, or None when root is out of reach."""
    quiet = ["env", "DEBIAN_FRONTEND=noninteractive"]
    if os.geteuid() == 0:
        return quiet
    if shutil.which("sudo") and not subprocess.call(["sudo", "-n", "true"], stderr=subprocess.DEVNULL):
        return ["sudo", "-n"] + quiet
    return None


def step(what, command):
    """Run an installer in silence; should it fail, say why in a sentence."""
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    if done.returncode:
        raise Cannot(explain(what, done.stdout.decode("utf-8", "replace")))


def explain(what, output):
    for signs, sentence in FAILURES:
        if re.search(signs, output):
            return sentence
    last_words = [line.strip() for line in output.splitlines() if line.strip()] or ["nothing"]
    return "%s failed; the last it said: %s" % (what, last_words[-1])


def read(path):
    with open(path, "rb") as file:
        return file.read()


def become(command, **environment):
    """Turn into the command, so that signals and the exit code are its own."""
    environment = dict(environment, **os.environ)
    sys.stdout.flush()
    os.chdir(ROOT)
    if os.name == "nt":
        return subprocess.call(command, env=environment)
    return os.execve(command[0], command, environment)


def say(sentence):
    print("dev.py: " + sentence)
    sys.stdout.flush()


def complain(sentence):
    print("dev.py: " + sentence, file=sys.stderr)
    return MACHINE_LACKS


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
