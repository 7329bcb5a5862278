"""As much of AMQP 0-9-1 as it takes to publish one message, whatever is in it."""

import socket
import struct


def short(text):
    data = text.encode()[:255]
    return bytes([len(data)]) + data


def long(data):
    return struct.pack(">I", len(data)) + data


def table(fields):
    """Texts, and lists of texts."""
    body = b""
    for name, value in fields.items():
        if isinstance(value, list):
            body += short(name) + b"A" + long(b"".join(b"S" + long(it.encode()) for it in value))
        else:
            body += short(name) + b"S" + long(value.encode())
    return long(body)


def frame(kind, channel, payload):
    return struct.pack(">BHI", kind, channel, len(payload)) + payload + b"\xce"


def method(channel, number, arguments):
    return frame(1, channel, struct.pack(">HH", *number) + arguments)


def read(stream):
    """One frame, unread: the broker's answers are taken as they come."""
    _, _, length = struct.unpack(">BHI", stream.read(7))
    return stream.read(length + 1)


def publish(port, routing_key, body, headers=None, expiration=None, kind=None):
    """Publishes to the exchange `gaming`; a broker that refuses it closes the connection, which is an OSError."""
    with socket.create_connection(("127.0.0.1", port), 5) as connection:
        stream = connection.makefile("rwb", buffering=0)
        stream.write(b"AMQP\x00\x00\x09\x01")
        read(stream)
        plain = b"\x00guest\x00guest"
        stream.write(method(0, (10, 11), table({}) + short("PLAIN") + long(plain) + short("en_US")))
        read(stream)
        stream.write(method(0, (10, 31), struct.pack(">HIH", 1, 131072, 0)) + method(0, (10, 40), short("/") + b"\0\0"))
        read(stream)
        stream.write(method(1, (20, 10), short("")))
        read(stream)
        flags, properties = 0x9000, short("application/json") + b"\x02"
        if headers is not None:
            flags, properties = flags | 0x2000, short("application/json") + table(headers) + b"\x02"
        if expiration is not None:
            flags, properties = flags | 0x0100, properties + short(expiration)
        if kind is not None:
            flags, properties = flags | 0x0020, properties + short(kind)
        header = struct.pack(">HHQH", 60, 0, len(body), flags) + properties
        arguments = struct.pack(">H", 0) + short("gaming") + short(routing_key) + b"\x00"
        parts = [body[at:at + 100_000] for at in range(0, len(body), 100_000)]
        stream.write(method(1, (60, 40), arguments) + frame(2, 1, header) + b"".join(frame(3, 1, it) for it in parts))
        # The broker has taken it once the connection ends in order.
        stream.write(method(0, (10, 50), struct.pack(">H", 200) + short("") + b"\0\0\0\0"))
        read(stream)
