"""Who holds a slot, and whether that process still lives: told from workstation, process number and its beginning."""

from __future__ import annotations


def holder_name(workstation: str) -> str:
    """Who holds a slot: workstation, process and when that process began, since process numbers come again."""
    import psutil

    process = psutil.Process()
    return f"{workstation}/{process.pid}/{int(process.create_time())}"


def is_dead(holder: str, workstation: str) -> bool:
    """Whether a slot's holder was a process of this workstation that is no more."""
    host, _, process = holder.partition("/")
    number, _, began = process.partition("/")
    if host != workstation or not (number.isdigit() and began.isdigit()):
        return False
    import psutil

    try:
        return int(psutil.Process(int(number)).create_time()) != int(began)
    except psutil.NoSuchProcess:
        return True
    except psutil.AccessDenied:
        return False
