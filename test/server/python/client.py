#!/usr/bin/env python3
"""A client of the msgpack protocol, written from docs/protocols.md alone, with nothing but the standard library.

usage: client.py unix:/PATH | tcp://HOST:PORT

Each line of the standard input is a message to send, in JSON:
    {"verify": {"certificates": ["hex"], ...}, "id": 1, "deadline": 500}
    {"ping": true, "id": 2}    {"status": true, "id": 3}    {"cancel": true, "id": 1}
All are sent before anything is read but the greeting. Each message of the server is printed as a line of JSON, byte
strings as hex. When every VERIFY, PING and STATUS has its answer, or the server says GOAWAY and each is answered or
the connection ends, the client closes its side and reads to the end.
"""
import json
import socket
import struct
import sys

VERIFY, PING, STATUS, CANCEL = 0x01, 0x02, 0x03, 0x04
GREETING, ANSWER, PONG, GOAWAY = 0x81, 0x82, 0x83, 0x84
NAMES = {GREETING: "greeting", ANSWER: "answer", PONG: "pong", GOAWAY: "goaway"}
BYTE_LISTS = ("certificates", "crls", "anchors")


def pack(value):
    if value is None:
        return b"\xc0"
    if isinstance(value, bool):
        return b"\xc3" if value else b"\xc2"
    if isinstance(value, int):
        return struct.pack(">Bq", 0xD3, value)
    if isinstance(value, float):
        return struct.pack(">Bd", 0xCB, value)
    if isinstance(value, bytes):
        return struct.pack(">BI", 0xC6, len(value)) + value
    if isinstance(value, str):
        text = value.encode()
        return struct.pack(">BI", 0xDB, len(text)) + text
    if isinstance(value, list):
        return struct.pack(">BI", 0xDD, len(value)) + b"".join(map(pack, value))
    if isinstance(value, dict):
        pairs = b"".join(pack(key) + pack(item) for key, item in value.items())
        return struct.pack(">BI", 0xDF, len(value)) + pairs
    raise TypeError(type(value))


class Unpacker:
    def __init__(self, data):
        self.data, self.at = data, 0

    def take(self, size):
        self.at += size
        if self.at > len(self.data):
            raise ValueError("the value is cut short")
        return self.data[self.at - size : self.at]

    def number(self, form):
        return struct.unpack(">" + form, self.take(struct.calcsize(form)))[0]

    def value(self):
        first = self.number("B")
        if first <= 0x7F:
            return first
        if first >= 0xE0:
            return first - 0x100
        if first <= 0x8F:
            return self.map(first & 0x0F)
        if first <= 0x9F:
            return self.list(first & 0x0F)
        if first <= 0xBF:
            return self.text(first & 0x1F)
        simple = {0xC0: None, 0xC2: False, 0xC3: True}
        if first in simple:
            return simple[first]
        forms = {0xCA: "f", 0xCB: "d", 0xCC: "B", 0xCD: "H", 0xCE: "I", 0xCF: "Q"}
        forms |= {0xD0: "b", 0xD1: "h", 0xD2: "i", 0xD3: "q"}
        if first in forms:
            return self.number(forms[first])
        sized = {0xC4: ("B", self.take), 0xC5: ("H", self.take), 0xC6: ("I", self.take)}
        sized |= {0xD9: ("B", self.text), 0xDA: ("H", self.text), 0xDB: ("I", self.text)}
        sized |= {0xDC: ("H", self.list), 0xDD: ("I", self.list)}
        sized |= {0xDE: ("H", self.map), 0xDF: ("I", self.map)}
        form, read = sized[first]
        return read(self.number(form))

    def text(self, size):
        return self.take(size).decode()

    def list(self, count):
        return [self.value() for _ in range(count)]

    def map(self, count):
        return {self.value(): self.value() for _ in range(count)}


def connect(address):
    if address.startswith("unix:"):
        connection = socket.socket(socket.AF_UNIX)
        connection.connect(address[len("unix:") :])
        return connection
    host, port = address[len("tcp://") :].rsplit(":", 1)
    return socket.create_connection((host, int(port)))


def message(kind, number, time=0, body=b""):
    return struct.pack(">IB3xII", 12 + len(body), kind, number, time) + body


def receive(stream):
    """The next message as (type, id, body), or None at the end."""
    head = stream.read(16)
    if not head:
        return None
    length, kind, number, _ = struct.unpack(">IB3xII", head)
    body = stream.read(length - 12)
    return kind, number, Unpacker(body).value() if body else None


def encode(order):
    number = order["id"]
    if "verify" in order:
        request = dict(order["verify"])
        for key in BYTE_LISTS:
            if key in request:
                request[key] = [bytes.fromhex(item) for item in request[key]]
        return message(VERIFY, number, order.get("deadline", 0), pack(request))
    kind = next(kind for name, kind in (("ping", PING), ("status", STATUS), ("cancel", CANCEL)) if name in order)
    return message(kind, number)


def show(received):
    kind, number, body = received
    print(json.dumps({"type": NAMES.get(kind, kind), "id": number, "body": body}, default=bytes.hex), flush=True)


def main():
    orders = [json.loads(line) for line in sys.stdin]
    connection = connect(sys.argv[1])
    stream = connection.makefile("rb")
    first = receive(stream)
    show(first)
    kind, _, greeting = first
    if kind == GOAWAY:
        return
    if greeting["protocol"] != "pkixd" or greeting["version"] != 1:
        sys.exit("the server speaks another protocol")
    owed = {order["id"] for order in orders if "cancel" not in order}
    connection.sendall(b"".join(map(encode, orders)))
    while owed:
        received = receive(stream)
        if received is None:
            break
        show(received)
        owed.discard(received[1])
    connection.shutdown(socket.SHUT_WR)
    for received in iter(lambda: receive(stream), None):
        show(received)


main()
