from __future__ import annotations

import pytest

from postcron.rules.addresses import denied

PUBLIC = [
    "1.1.1.1",
    "8.8.8.8",
    "93.184.215.14",
    "100.63.255.255",
    "100.128.0.1",
    "169.253.255.255",
    "172.15.255.255",
    "172.32.0.1",
    "191.255.255.255",
    "223.255.255.255",
    "2001:4860:4860::8888",
    "2606:4700::1111",
    "2a00:1450:4001:80e::200e",
    "::ffff:8.8.8.8",
    "64:ff9b::8.8.8.8",
    "2002:808:808::1",
]

OURS = [
    "127.0.0.1",
    "127.255.255.254",
    "::1",
    "10.0.0.1",
    "172.16.0.1",
    "172.31.255.255",
    "192.168.0.1",
    "100.64.0.1",
    "fc00::1",
    "fd12:3456::1",
    "::ffff:127.0.0.1",
    "::ffff:10.0.0.1",
]

NEVER = [
    "0.0.0.0",
    "0.1.2.3",
    "169.254.0.1",
    "169.254.169.254",
    "168.63.129.16",
    "100.100.100.200",
    "192.0.0.1",
    "192.0.0.192",
    "192.0.2.1",
    "192.88.99.1",
    "198.18.0.1",
    "198.51.100.1",
    "203.0.113.1",
    "224.0.0.1",
    "239.255.255.255",
    "240.0.0.1",
    "255.255.255.255",
    "::",
    "::7f00:1",
    "::8.8.8.8",
    "::ffff:169.254.169.254",
    "::ffff:0:127.0.0.1",
    "64:ff9b::a9fe:a9fe",
    "64:ff9b:1::808:808",
    "100::1",
    "2001::1",
    "2001:0:4136:e378:8000:63bf:3fff:fdd2",
    "2001:20::1",
    "2001:db8::1",
    "2002:a9fe:a9fe::",
    "3fff::1",
    "4000::1",
    "5f00::1",
    "fd00:ec2::254",
    "fe80::1",
    "fe80::1%eth0",
    "fec0::1",
    "ff02::1",
    "ff0e::1",
]


@pytest.mark.parametrize("address", PUBLIC)
def test_the_public_internet_passes(address: str) -> None:
    assert denied(address) is None
    assert denied(address, private=True) is None


@pytest.mark.parametrize("address", OURS)
def test_our_own_machines_pass_only_for_those_who_say_so(address: str) -> None:
    assert denied(address) is not None
    assert denied(address, private=True) is None


@pytest.mark.parametrize("address", NEVER)
def test_what_no_media_can_come_from_is_always_denied(address: str) -> None:
    assert denied(address) is not None
    assert denied(address, private=True) is not None


@pytest.mark.parametrize("inner", ["10.0.0.1", "127.0.0.1"])
def test_nobody_reaches_us_through_a_tunnel(inner: str) -> None:
    a, b, c, d = (int(part) for part in inner.split("."))
    assert denied(f"64:ff9b::{inner}") is not None
    assert denied(f"2002:{a:02x}{b:02x}:{c:02x}{d:02x}::1") is not None


@pytest.mark.parametrize("text", ["", "localhost", "2130706433.", "1.2.3", "127.0.0.1/8", "::g"])
def test_what_is_no_address_is_denied(text: str) -> None:
    assert denied(text) == "not an address"
