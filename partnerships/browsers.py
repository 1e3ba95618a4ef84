"""What somebody would call their browser, from what it says of itself."""

from __future__ import annotations

BROWSERS = {
    "Edg": "Edge",
    "OPR": "Opera",
    "SamsungBrowser": "Samsung Internet",
    "Firefox": "Firefox",
    "FxiOS": "Firefox",
    "CriOS": "Chrome",
    "Chrome": "Chrome",
    "Safari": "Safari",
}
"""A mark in what a browser says of itself → its name; the first that is there counts."""
MACHINES = {
    "iPhone": "iPhone",
    "iPad": "iPad",
    "Android": "Android",
    "Windows": "Windows",
    "Macintosh": "Mac",
    "CrOS": "Chromebook",
    "Linux": "Linux",
}


def browser_name(told: str) -> str:
    """*Chrome on Windows*; what is not known is *a browser*."""
    browser = next((name for mark, name in BROWSERS.items() if f"{mark}/" in told), "A browser")
    machine = next((name for mark, name in MACHINES.items() if mark in told), "")
    return f"{browser} on {machine}" if machine else browser
