"""The protocol of service managers: ``sd_notify(3)``."""

import os
import socket


def notify(message: str) -> None:
    """Send a line such as ``READY=1`` to the service manager that started us; do nothing without one."""
    address = os.environ.get("NOTIFY_SOCKET", "")
    if not address:
        return
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as link:
        link.connect("\0" + address[1:] if address.startswith("@") else address)
        link.sendall(message.encode())


def watchdog_interval() -> float | None:
    """Return the seconds between two signs of life that the service manager wants, ``None`` when it wants none."""
    microseconds = os.environ.get("WATCHDOG_USEC", "")
    wanted = microseconds.isdigit() and os.environ.get("WATCHDOG_PID", str(os.getpid())) == str(os.getpid())
    return int(microseconds) / 2_000_000 if wanted else None
