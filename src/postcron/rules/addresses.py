"""Which addresses a URL that somebody gave us must not lead to.

Python's `is_global` is not enough: 3.11 calls NAT64 and 6to4 forms of 169.254.169.254 global, and
multicast too. Only what is certainly the public internet passes.
"""

from __future__ import annotations

from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Final, TypeAlias

_Address: TypeAlias = IPv4Address | IPv6Address
_Network: TypeAlias = IPv4Network | IPv6Network

#: machines of one's own: denied unless somebody says that they may be read
_PRIVATE: Final[dict[_Network, str]] = {
    ip_network("127.0.0.0/8"): "this machine",
    ip_network("::1/128"): "this machine",
    ip_network("10.0.0.0/8"): "a private network",
    ip_network("172.16.0.0/12"): "a private network",
    ip_network("192.168.0.0/16"): "a private network",
    ip_network("100.64.0.0/10"): "a provider's own network",
    ip_network("fc00::/7"): "a private network",
}

#: nobody's business: denied always
_NEVER: Final[dict[_Network, str]] = {
    # Alibaba's and Azure's metadata services stand outside of the link-local range.
    ip_network("100.100.100.200/32"): "a cloud's own service",
    ip_network("168.63.129.16/32"): "a cloud's own service",
    ip_network("fd00:ec2::/32"): "a cloud's own service",
    ip_network("0.0.0.0/8"): "no machine at all",
    ip_network("169.254.0.0/16"): "a link-local address",
    ip_network("192.0.0.0/24"): "reserved",
    ip_network("192.0.2.0/24"): "for documentation",
    ip_network("192.88.99.0/24"): "reserved",
    ip_network("198.18.0.0/15"): "for benchmarks",
    ip_network("198.51.100.0/24"): "for documentation",
    ip_network("203.0.113.0/24"): "for documentation",
    ip_network("224.0.0.0/4"): "a multicast address",
    ip_network("240.0.0.0/4"): "reserved",
    ip_network("64:ff9b:1::/48"): "reserved",
    ip_network("2001::/23"): "reserved",
    ip_network("2001:db8::/32"): "for documentation",
    ip_network("3fff::/20"): "for documentation",
    ip_network("fe80::/10"): "a link-local address",
    ip_network("fec0::/10"): "reserved",
    ip_network("ff00::/8"): "a multicast address",
}

_NAT64: Final = IPv6Network("64:ff9b::/96")
#: all of IPv6 that has been given out for the public internet
_UNICAST: Final = IPv6Network("2000::/3")


def denied(address: str, *, private: bool = False) -> str | None:
    """Return what is wrong with connecting to this address, or None if it is public.

    With `private`, one's own machine and networks pass as well. IPv4 addresses inside of IPv6 ones
    (mapped, 6to4, Teredo, NAT64) are judged too.
    """
    try:
        whole = ip_address(address.partition("%")[0])
    except ValueError:
        return "not an address"
    reasons = (_reason(one, private=private) for one in (whole, *_inside(whole)))
    return next((reason for reason in reasons if reason), None)


def _reason(address: _Address, *, private: bool) -> str | None:
    for network, what in (_NEVER | _PRIVATE).items():
        if address in network:
            return None if private and network in _PRIVATE else what
    if isinstance(address, IPv6Address) and not (address in _UNICAST or _inside(address)):
        return "reserved"
    return None


def _inside(address: _Address) -> tuple[IPv4Address, ...]:
    if isinstance(address, IPv4Address):
        return ()
    if address.teredo:
        return address.teredo
    if address in _NAT64:
        return (IPv4Address(int(address) & 0xFFFFFFFF),)
    return tuple(one for one in (address.ipv4_mapped, address.sixtofour) if one)
