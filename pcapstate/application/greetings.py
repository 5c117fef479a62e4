"""The first lines of servers: SSH's identification (RFC 4253 §4.2), and the greetings of mail, FTP and RFB (VNC)."""

from __future__ import annotations


def identification(data: bytes) -> bytes:
    """Return the software of an SSH identification: OpenSSH_9.6 of SSH-2.0-OpenSSH_9.6 Debian-5."""
    line = _line(data)
    parts = line.split(b"-", 2)
    return parts[2].split(b" ")[0] if len(parts) == 3 else b""


def greeting(data: bytes) -> tuple[str, bytes]:
    """Return the protocol of a greeting (empty if its words do not tell it) and its text.

    SMTP: RFC 5321 §4.2, FTP: RFC 959 §5.4, IMAP: RFC 9051 §7.1, POP3: RFC 1939 §4, RFB: RFC 6143 §7.1.1.
    """
    line = _line(data)
    if line.startswith(b"RFB "):
        return "rfb", line[4:]
    if line.startswith(b"* OK"):
        return "imap", line[5:]
    if line.startswith(b"+OK"):
        return "pop3", line[4:]
    # Sendmail puts the date behind a semicolon.
    said = line[4:].partition(b";")[0]
    words = said.upper()
    if b"SMTP" in words:
        return "smtp", said
    return ("ftp" if b"FTP" in words else ""), said


def _line(data: bytes) -> bytes:
    return data.partition(b"\n")[0].rstrip(b"\r")
