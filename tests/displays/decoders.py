"""What the protocols say, read from descriptions of their formats: nothing here knows the encoders.

Each decoder takes bytes as they came over the wire and refuses whatever the description does not allow.
"""

from __future__ import annotations

from dataclasses import dataclass


class NotTheFormat(Exception):
    """These bytes are not what the description says."""


def need(condition: bool, what: str) -> None:
    if not condition:
        raise NotTheFormat(what)


# Onbon BX-K -----------------------------------------------------------------------------------------


@dataclass
class CardFrame:
    dst: int
    src: int
    option: int
    checkmode: int
    dispmode: int
    device: int
    version: int
    data: bytes


@dataclass
class CardArea:
    x: int
    y: int
    width: int
    height: int
    x_in_pixels: bool
    width_in_pixels: bool
    number: int
    run_mode: int
    timeout: int
    align: int
    single: int
    newline: int
    display: int
    speed: int
    stay: int
    text: bytes


def checksum(data: bytes) -> int:
    """CRC with the reflected polynomial A001 from 0, bit by bit."""
    register = 0
    for byte in data:
        for bit in range(8):
            carry = (register ^ (byte >> bit)) & 1
            register >>= 1
            if carry:
                register ^= 0xA001
    return register


def onbon_frames(stream: bytes) -> list[CardFrame]:
    """All frames of a stream, which has nothing else in it."""
    frames = []
    while stream:
        need(stream[:8] == b"\xa5" * 8, "a frame begins with eight A5")
        end = stream.index(0x5A)
        inner = stream[8:end]
        need(0xA5 not in inner, "A5 is escaped inside")
        frames.append(_onbon_inner(inner))
        stream = stream[end + 1 :]
    return frames


def _onbon_inner(inner: bytes) -> CardFrame:
    plain, it = bytearray(), iter(inner)
    for byte in it:
        if byte == 0xA6:
            plain.append({2: 0xA5, 1: 0xA6}[next(it)])
        elif byte == 0x5B:
            plain.append({2: 0x5A, 1: 0x5B}[next(it)])
        else:
            plain.append(byte)
    whole = bytes(plain)
    need(int.from_bytes(whole[-2:], "little") == checksum(whole[:-2]), "the checksum is right")
    head, data = whole[:14], whole[14:-2]
    need(head[4:7] == b"\0\0\0", "three reserved bytes are 0")
    need(int.from_bytes(head[12:14], "little") == len(data), "the length is that of the data")
    return CardFrame(
        int.from_bytes(head[0:2], "little"),
        int.from_bytes(head[2:4], "little"),
        head[7],
        head[8],
        head[9],
        head[10],
        head[11],
        data,
    )


def onbon_areas(data: bytes) -> list[CardArea]:
    """Areas of the command A3 06."""
    need(data[:2] == b"\xa3\x06", "the command is A3 06")
    need(data[2] == 1, "an answer is asked for")
    deleted = data[5]
    need(deleted in (0, 0xFF), "no list of areas to delete")
    count, at, found = data[6], 7, []
    for _ in range(count):
        length = int.from_bytes(data[at : at + 2], "little")
        found.append(_onbon_area(data[at + 2 : at + 2 + length]))
        at += 2 + length
    need(at == len(data), "nothing after the last area")
    return found


def _onbon_area(area: bytes) -> CardArea:
    def two(at: int) -> int:
        return int.from_bytes(area[at : at + 2], "little")

    need(area[0] == 0, "an area's type is 0")
    need(area[14] == 0, "no sound")
    need(area[15] == 0, "no extension")
    need(area[20] == 0, "no way out")
    length = int.from_bytes(area[23:27], "little")
    need(len(area) == 27 + length, "the text is as long as it says")
    x, width = two(1), two(5)
    return CardArea(
        x=x & 0x7FFF if x & 0x8000 else x * 8,
        y=two(3),
        width=width & 0x7FFF if width & 0x8000 else width * 8,
        height=two(7),
        x_in_pixels=bool(x & 0x8000),
        width_in_pixels=bool(width & 0x8000),
        number=area[9],
        run_mode=area[11],
        timeout=two(12),
        align=area[16],
        single=area[17],
        newline=area[18],
        display=area[19],
        speed=area[21],
        stay=area[22],
        text=area[27:],
    )


COLOUR_CODES = {"1": "red", "2": "green", "3": "yellow"}


def onbon_text(text: bytes) -> tuple[str, str]:
    """Colour and text of an area whose colour comes first."""
    shown = text.decode("gbk")
    need(shown[:2] == "\\C", "a colour comes first")
    need("\\" not in shown[2:], "no other code")
    return COLOUR_CODES[shown[2]], shown[3:]


def onbon_reply(group: int, command: int, error: int, *, dst: int = 0x8000, src: int = 1) -> bytes:
    """What a card answers."""
    data = bytes((group, command, error, 0, 0))
    body = dst.to_bytes(2, "little") + src.to_bytes(2, "little") + bytes(3) + bytes((0, 0, 0, 0x51, 2))
    body += len(data).to_bytes(2, "little") + data
    body += checksum(body).to_bytes(2, "little")
    swapped = {0xA5: (0xA6, 2), 0xA6: (0xA6, 1), 0x5A: (0x5B, 2), 0x5B: (0x5B, 1)}
    inner = b"".join(bytes(swapped.get(byte, (byte,))) for byte in body)
    return b"\xa5" * 8 + inner + b"\x5a"


# Plain text -----------------------------------------------------------------------------------------


def text_messages(stream: bytes) -> list[tuple[int, str]]:
    """Address and text of each message."""
    found = []
    while stream:
        need(stream[0] == 0x40, "a message begins with 40")
        end = stream.index(0x0D, 2)
        found.append((stream[1], stream[2:end].decode("gbk")))
        stream = stream[end + 1 :]
    return found


# Walls ----------------------------------------------------------------------------------------------


class DdpWall:
    """Takes packets and has a picture when one pushes."""

    def __init__(self, columns: int, rows: int, kind: int = 0x0B) -> None:
        self.size = columns * rows * 3
        self.kind = kind
        self.pictures: list[bytes] = []
        self.sequences: list[int] = []
        self._memory = bytearray(self.size)

    def take(self, packet: bytes) -> None:
        flags, sequence, kind, destination = packet[:4]
        offset, length = int.from_bytes(packet[4:8], "big"), int.from_bytes(packet[8:10], "big")
        need(flags & 0xC0 == 0x40, "version 1")
        need(flags & 0x3E == 0, "no time code, no storage, no reply, no query")
        need(1 <= sequence <= 15, "a sequence number")
        need(kind == self.kind, "the type")
        need(destination == 1, "the default destination")
        need(length == len(packet) - 10 <= 1440, "the length")
        need(offset + length <= self.size, "within the picture")
        self._memory[offset : offset + length] = packet[10:]
        self.sequences.append(sequence)
        if flags & 1:
            self.pictures.append(bytes(self._memory))


def flaschen_picture(datagram: bytes) -> tuple[tuple[int, int], tuple[int, int, int], bytes]:
    """Size, place and pixels of a datagram: a PPM with the place in a comment."""
    magic, size, place, most, pixels = datagram.split(b"\n", 4)
    need(magic == b"P6", "a PPM")
    need(most == b"255", "a byte a colour")
    need(place.startswith(b"#FT: "), "a place")
    columns, rows = map(int, size.split())
    x, y, z = map(int, place[5:].split())
    need(len(pixels) == columns * rows * 3, "all pixels")
    return (columns, rows), (x, y, z), pixels


@dataclass
class Universe:
    number: int
    priority: int
    sequence: int
    cid: bytes
    name: str
    channels: bytes


def sacn_universe(packet: bytes) -> Universe:
    """One universe of E1.31."""
    need(len(packet) == 638, "638 bytes")

    def number(at: int, length: int) -> int:
        return int.from_bytes(packet[at : at + length], "big")

    def flagged(at: int) -> None:
        need(number(at, 2) >> 12 == 7, f"flags of the layer at {at}")
        need(number(at, 2) & 0xFFF == len(packet) - at, f"length of the layer at {at}")

    need(number(0, 2) == 0x10, "size of the preamble")
    need(number(2, 2) == 0, "size of the postamble")
    need(packet[4:16] == b"ASC-E1.17\0\0\0", "identifier")
    flagged(16)
    need(number(18, 4) == 4, "root vector: data")
    flagged(38)
    need(number(40, 4) == 2, "framing vector: DMP")
    need(number(109, 2) == 0, "no synchronisation")
    need(packet[112] == 0, "no options")
    flagged(115)
    need(packet[117:119] == b"\x02\xa1", "set property, addresses")
    need(number(119, 2) == 0, "from the first address")
    need(number(121, 2) == 1, "one by one")
    need(number(123, 2) == 513, "start code and 512 channels")
    need(packet[125] == 0, "start code 0")
    return Universe(
        number(113, 2),
        packet[108],
        packet[111],
        packet[22:38],
        packet[44:108].rstrip(b"\0").decode(),
        packet[126:],
    )


class SacnWall:
    """Puts a picture of pixels together from universes, 170 in each."""

    def __init__(self, columns: int, rows: int, first: int) -> None:
        self.pixels = columns * rows
        self.first = first
        self.universes: dict[int, Universe] = {}

    def take(self, packet: bytes) -> None:
        universe = sacn_universe(packet)
        before = self.universes.get(universe.number)
        if before is not None:
            need(universe.sequence == (before.sequence + 1) % 256, "the sequence goes on")
        self.universes[universe.number] = universe

    @property
    def picture(self) -> bytes:
        parts = [self.universes[number].channels[:510] for number in sorted(self.universes)]
        return b"".join(parts)[: self.pixels * 3]


def lit(rgb: bytes, columns: int) -> list[str]:
    """A picture as rows of ``#`` and ``.``, whatever the colour."""
    cells = ["#" if any(rgb[at : at + 3]) else "." for at in range(0, len(rgb), 3)]
    return ["".join(cells[at : at + columns]) for at in range(0, len(cells), columns)]
