"""DDP, Flaschen-Taschen, sACN and plain text, each against published bytes and an independent decoder."""

from __future__ import annotations

import hashlib
import uuid

import pytest
from hypothesis import given
from hypothesis import strategies as st

from displays.led.protocols import ddp, flaschen, sacn, text
from tests.displays import decoders

sizes = st.tuples(st.integers(1, 200), st.integers(1, 24))


def noise(columns: int, rows: int, seed: int = 1) -> bytes:
    block = hashlib.sha256(bytes((seed,))).digest()
    return (block * (columns * rows * 3 // 32 + 1))[: columns * rows * 3]


def test_two_pixels_over_ddp() -> None:
    (packet,) = ddp.packets(bytes.fromhex("ff000000ff00"), ddp.Sequence())
    assert packet == bytes.fromhex("41010b0100000000 0006 ff000000ff00")


def test_a_bar_over_ddp_is_pushed_once() -> None:
    heads = [packet[:10].hex() for packet in ddp.packets(bytes(128 * 16 * 3), ddp.Sequence())]
    assert heads == [
        "40010b010000000005a0",
        "40020b01000005a005a0",
        "40030b0100000b4005a0",
        "40040b01000010e005a0",
        "41050b01000016800180",
    ]


@given(size=sizes, kind=st.sampled_from((0x0B, 0x01)), times=st.integers(1, 20))
def test_a_wall_gets_the_picture_over_ddp(size: tuple[int, int], kind: int, times: int) -> None:
    wall, sequence = decoders.DdpWall(*size, kind), ddp.Sequence()
    pictures = [noise(*size, seed) for seed in range(times)]
    for picture in pictures:
        for packet in ddp.packets(picture, sequence, kind=kind):
            wall.take(packet)
    assert wall.pictures == pictures
    count = len(wall.sequences)
    assert wall.sequences == [number % 15 + 1 for number in range(count)]


@given(size=sizes, place=st.tuples(st.integers(0, 999), st.integers(0, 999), st.integers(0, 15)))
def test_a_flaschen_wall_gets_the_picture(size: tuple[int, int], place: tuple[int, int, int]) -> None:
    x, y, layer = place
    made = flaschen.datagram(noise(*size), *size, x=x, y=y, layer=layer)
    assert decoders.flaschen_picture(made) == (size, place, noise(*size))


def test_a_flaschen_datagram() -> None:
    made = flaschen.datagram(b"\xff\0\0", 1, 1, x=2, y=3, layer=4)
    assert made == b"P6\n1 1\n#FT: 2 3 4\n255\n\xff\0\0"


def test_sacn_is_what_another_sender_sends() -> None:
    # Digest of what sacn 1.11.0 builds for the same universe, name and channels.
    cid = uuid.UUID(int=0x00112233445566778899AABBCCDDEEFF)
    made = sacn.packet(bytes(range(200)), 258, 7, cid, priority=120)
    assert made[:44].hex() == (
        "001000004153432d45312e3137000000726e0000000400112233445566778899aabbccddeeff725800000002"
    )
    assert (
        hashlib.sha256(made).hexdigest() == "d69988fff70474e66cfb351f6e96171c20a33e7a00150465d43214d7c70b0b64"
    )


@given(size=sizes, first=st.integers(1, 60_000), begun=st.integers(0, 255))
def test_a_wall_gets_the_picture_over_sacn(size: tuple[int, int], first: int, begun: int) -> None:
    wall, cid = decoders.SacnWall(*size, first), uuid.uuid4()
    for sequence in (begun, (begun + 1) % 256):
        for universe, packet in sacn.packets(noise(*size), first, sequence, cid, priority=150):
            wall.take(packet)
            assert wall.universes[universe].priority == 150
    assert wall.picture == noise(*size)
    assert sorted(wall.universes) == list(range(first, first + sacn.universes(size[0] * size[1])))
    assert {one.cid for one in wall.universes.values()} == {cid.bytes}


@pytest.mark.parametrize(("universe", "group"), [(1, "239.255.0.1"), (258, "239.255.1.2")])
def test_a_universe_has_its_group(universe: int, group: str) -> None:
    assert sacn.multicast_group(universe) == group


@given(st.text(max_size=40), st.integers(0, 255))
def test_a_text_card_gets_the_text(shown: str, address: int) -> None:
    ((found, read),) = decoders.text_messages(text.message(shown, address))
    plain = "".join(char for char in shown if char >= " " and char != "\x7f")
    assert (found, read) == (address, plain.encode("gbk", errors="replace").decode("gbk"))


def test_a_text_message() -> None:
    assert text.message("A012 请", 1) == bytes.fromhex("40 01 41303132 20 c7eb 0d")
