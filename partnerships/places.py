"""Where a request comes from, and how often something came from there: for what is counted and never refused."""

from __future__ import annotations

import datetime as dt
import hashlib
import ipaddress
import logging

from allauth.core.internal.httpkit import get_client_ip
from django.conf import settings
from django.core.cache import cache
from django.http import HttpRequest

log = logging.getLogger(__name__)
HOUR = 60 * 60


def came_from(request: HttpRequest | None) -> str:
    """The address of whoever asks: behind our own proxy, the one that it tells of. Empty where nobody knows."""
    return as_it_is((request and get_client_ip(request) or "")[:45])


def as_it_is(address: str) -> str:
    """What listens to both kinds at once writes an old address as a new one, and all of these under the same 64 bits:
    the whole country would count as one house.

    >>> as_it_is("::ffff:192.0.2.7"), as_it_is("2001:db8::9"), as_it_is("")
    ('192.0.2.7', '2001:db8::9', '')
    """
    try:
        mapped = getattr(ipaddress.ip_address(address), "ipv4_mapped", None)
    except ValueError:
        return address
    return str(mapped or address)


def house(place: str) -> str:
    """What counts as one place: an address, or the 64 bits of a newer one under which a house has all of its own.

    >>> house("192.0.2.7"), house("2001:db8:1:2::9")
    ('192.0.2.7', '2001:db8:1:2::')
    """
    try:
        address = ipaddress.ip_address(place)
    except ValueError:
        return place
    if address.version == 4:
        return str(address)
    return str(ipaddress.ip_network((int(address) >> 64 << 64, 64)).network_address)


def times(what: str, place: str, at: dt.datetime) -> int:
    """How often this came from one place within the hour, this time included. 0 where nobody knows the place, which is
    not one, or the cache is away."""
    return counted(what, house(place), at, within=HOUR) if place else 0


def counted(what: str, whose: str, at: dt.datetime, *, within: int, by: int = 1) -> int:
    """How much of this came from somebody within so many seconds, this time included. 0 where the cache is away."""
    told = f"{settings.SECRET_KEY}:{whose}:{within}:{int(at.timestamp()) // within}"
    key = f"{what}:{hashlib.sha256(told.encode()).hexdigest()}"
    try:
        cache.add(key, 0, within)
        return cache.incr(key, by)
    except Exception:  # whatever a cache raises: what is counted is taken all the same
        log.warning("Nothing could be counted: the cache is away")
        return 0
