"""Whether an address belongs to a network that is not the public Internet, judged by its text alone.

It says `True` for whatever is, or may reach, this machine, a private network, or the metadata of a cloud:

1. IPv4 and IPv6 addresses outside public unicast space, and those of public form that clouds use for metadata;
2. IPv6 addresses that carry an IPv4 address to be unpacked on the way (NAT64, 6to4, Teredo, IPv4-compatible), whatever
   it is; an IPv4-mapped address is judged as the IPv4 address it is;
3. an IPv4 address in any spelling but four decimal numbers: nobody with plain intent writes `2130706433` or `0177.1`;
4. names that by standard or custom exist in private networks only, and every name without a dot.

A public name that resolves to a private address looks public here. Whoever connects has to resolve the name once, judge
the address it got, and connect to that one; and do so again for every redirect.
"""

from __future__ import annotations

import ipaddress

from .web_host import WebHost, read_host

__all__ = ["private_address"]

_PRIVATE_IPV4 = (
    "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.0.0.0/24",
    "192.0.2.0/24", "192.88.99.0/24", "192.168.0.0/16", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24",
    "224.0.0.0/3", "168.63.129.16/32",
)  # fmt: skip
"""IANA's special-purpose registry and everything from multicast upwards; last the metadata address of Azure."""

_PUBLIC_IPV6 = ipaddress.IPv6Network("2000::/3")
"""All that IANA gave out for public unicast; the rest is private, link-local, multicast, translated or not in use."""

_PRIVATE_IPV6 = ("2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20")
"""Within that: protocol assignments with Teredo, documentation, 6to4, documentation."""

_PRIVATE_NAMES = (
    "localhost", "localdomain", "local", "internal", "intranet", "private", "corp", "home", "lan", "home.arpa", "svc",
)  # fmt: skip
"""Names and what ends in them: RFC 6761, 6762 (with appendix G) and 8375, ICANN's `internal`, Kubernetes' `svc`."""

_IPV4_RANGES = [(int(net[0]), int(net[-1])) for net in map(ipaddress.IPv4Network, _PRIVATE_IPV4)]
_IPV6_RANGES = [(int(net[0]), int(net[-1])) for net in map(ipaddress.IPv6Network, _PRIVATE_IPV6)]
_NAME_ENDS = tuple(f".{name}" for name in _PRIVATE_NAMES)


def private_address(url_or_host: str) -> bool:
    """Whether an http or https address, or a host with or without a port, is or may reach something private.

    Raises `ValueError` for a text that is neither.
    """
    found = _read(url_or_host)
    match found.kind:
        case "ipv4":
            return found.name != found.spelled or _is_private_ipv4(ipaddress.IPv4Address(found.name))
        case "ipv6":
            return _is_private_ipv6(ipaddress.IPv6Address(found.name.strip("[]")))
        case "name":
            return "." not in found.name or found.name.endswith(_NAME_ENDS)


def _read(url_or_host: str) -> WebHost:
    if "://" in url_or_host:
        return read_host(url_or_host)
    try:
        bare = ipaddress.IPv6Address(url_or_host.partition("%")[0])  # `fe80::1%eth0` names an interface as well
    except ValueError:
        return read_host(f"http://{url_or_host}")
    return read_host(f"http://[{bare}]")


def _is_private_ipv4(address: ipaddress.IPv4Address) -> bool:
    return any(first <= int(address) <= last for first, last in _IPV4_RANGES)


def _is_private_ipv6(address: ipaddress.IPv6Address) -> bool:
    if address.ipv4_mapped is not None:
        return _is_private_ipv4(address.ipv4_mapped)
    return address not in _PUBLIC_IPV6 or any(first <= int(address) <= last for first, last in _IPV6_RANGES)
