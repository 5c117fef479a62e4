"""How conversations begin: TLS hellos (RFC 8446, RFC 5246) and SSH's exchange of keys (RFC 4253, RFC 8731)."""

from __future__ import annotations

import hashlib
import struct

HANDSHAKE, CHANGE_CIPHER_SPEC, APPLICATION_DATA = 22, 20, 23
X25519, X25519_MLKEM768 = 0x001D, 0x11EC


def noise(length: int, name: str) -> bytes:
    """Return bytes that look like noise, the same for the same name."""
    turns = range(length // 32 + 1)
    return b"".join(hashlib.sha256(f"{name} {turn}".encode()).digest() for turn in turns)[:length]


def record(kind: int, content: bytes, version: int = 0x0303) -> bytes:
    """Return a TLS record."""
    return struct.pack("!BHH", kind, version, len(content)) + content


def sealed(length: int, name: str) -> bytes:
    """Return a record of application data."""
    return record(APPLICATION_DATA, noise(length, name))


CHANGE = record(CHANGE_CIPHER_SPEC, b"\x01")


def finished(name: str) -> bytes:
    """Return the encrypted end of a TLS 1.2 handshake."""
    return CHANGE + record(HANDSHAKE, bytes(7) + b"\x01" + noise(32, f"{name} finished"))


def client_hello(
    name: str, protocols: tuple[bytes, ...], seed: str, *, post_quantum: bool = False, newest: bool = True
) -> bytes:
    """Return a ClientHello that asks for a server by name; ``newest``: it offers TLS 1.3."""
    host = name.encode()
    extensions = _extension(0, _sized(2, b"\0" + _sized(2, host)))
    extensions += _extension(23, b"") + _extension(0xFF01, b"\0")
    groups = [X25519, 0x0017, 0x0018]
    if post_quantum:
        groups.insert(0, X25519_MLKEM768)
    extensions += _extension(10, _sized(2, struct.pack(f"!{len(groups)}H", *groups))) + _extension(11, b"\1\0")
    if protocols:
        extensions += _extension(16, _sized(2, b"".join(_sized(1, one) for one in protocols)))
    extensions += _extension(5, b"\1\0\0\0\0")
    extensions += _extension(13, _sized(2, bytes.fromhex("0403 0804 0401 0503 0805 0501 0806 0601")))
    extensions += _extension(18, b"")
    if newest:
        shares = struct.pack("!H", X25519) + _sized(2, noise(32, f"{seed} share"))
        if post_quantum:
            shares = struct.pack("!H", X25519_MLKEM768) + _sized(2, noise(1216, f"{seed} large share")) + shares
        extensions += _extension(51, _sized(2, shares)) + _extension(45, b"\1\1")
        extensions += _extension(43, _sized(1, bytes.fromhex("0304 0303")))
    ciphers = bytes.fromhex(("1301 1302 1303 " if newest else "") + "c02c c02b cca9 c030 c02f cca8")
    body = b"\x03\x03" + noise(32, f"{seed} client") + _sized(1, noise(32, f"{seed} session"))
    body += _sized(2, ciphers) + b"\1\0" + _sized(2, extensions)
    return record(HANDSHAKE, _message(1, body), 0x0301)


def server_hello(seed: str, protocol: bytes = b"", *, newest: bool = True) -> bytes:
    """Return the ServerHello that answers the ClientHello of the same seed.

    In TLS 1.3 the protocol that the server chose is not in it; in TLS 1.2 it takes up the session, so no certificate
    follows.
    """
    if newest:
        share = struct.pack("!H", X25519) + _sized(2, noise(32, f"{seed} server share"))
        extensions = _extension(43, b"\x03\x04") + _extension(51, share)
    else:
        extensions = _extension(0xFF01, b"\0") + _extension(23, b"")
        extensions += _extension(16, _sized(2, _sized(1, protocol))) if protocol else b""
    body = b"\x03\x03" + noise(32, f"{seed} server") + _sized(1, noise(32, f"{seed} session"))
    body += bytes.fromhex("1301" if newest else "c02f") + b"\0" + _sized(2, extensions)
    return record(HANDSHAKE, _message(2, body))


def _sized(width: int, content: bytes) -> bytes:
    return len(content).to_bytes(width, "big") + content


def _extension(kind: int, content: bytes) -> bytes:
    return struct.pack("!HH", kind, len(content)) + content


def _message(kind: int, body: bytes) -> bytes:
    return bytes([kind]) + _sized(3, body)


def ssh_packet(payload: bytes) -> bytes:
    """Return an SSH packet that is not encrypted yet (RFC 4253 §6)."""
    padding = 8 - (len(payload) + 5) % 8
    padding += 8 if padding < 4 else 0
    return struct.pack("!IB", len(payload) + padding + 1, padding) + payload + bytes(padding)


def ssh_algorithms(seed: str) -> bytes:
    """Return SSH_MSG_KEXINIT: the algorithms that a side knows."""
    cipher, code = b"chacha20-poly1305@openssh.com,aes256-gcm@openssh.com", b"hmac-sha2-256-etm@openssh.com"
    lists = (b"curve25519-sha256", b"ssh-ed25519", cipher, cipher, code, code, b"none", b"none", b"", b"")
    return ssh_packet(b"\x14" + noise(16, seed) + b"".join(_sized(4, one) for one in lists) + bytes(5))


def ssh_key(seed: str) -> bytes:
    """Return SSH_MSG_KEX_ECDH_INIT: the client's key."""
    return ssh_packet(b"\x1e" + _sized(4, noise(32, f"{seed} client key")))


def ssh_reply(seed: str) -> bytes:
    """Return SSH_MSG_KEX_ECDH_REPLY, the server's keys, and SSH_MSG_NEWKEYS."""
    host_key = _sized(4, b"ssh-ed25519") + _sized(4, noise(32, f"{seed} host key"))
    signature = _sized(4, b"ssh-ed25519") + _sized(4, noise(64, f"{seed} signature"))
    keys = _sized(4, host_key) + _sized(4, noise(32, f"{seed} server key")) + _sized(4, signature)
    return ssh_packet(b"\x1f" + keys) + SSH_NEW_KEYS


SSH_NEW_KEYS = ssh_packet(b"\x15")
