"""Scapy as a dissector of single messages: loaded when the first is read, and whatever it raises means no answer."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any, TypeVar

from ..scapy_modules import scapy_module

Answer = TypeVar("Answer")


def dissected(
    module: str, layer: str, message: bytes, read: Callable[[Any], Answer], otherwise: Callable[[], Answer]
) -> Answer:
    """Return what ``read`` finds in a message, a packet of ``scapy.layers.<module>.<layer>``.

    What ``otherwise`` makes is returned where Scapy cannot read it, or made something unexpected of it. The caller has
    bounded what the message may cost.
    """
    # Scapy tells on stderr what it thinks of a packet; nobody asked.
    log = logging.getLogger("scapy.runtime")
    was, log.disabled = log.disabled, True
    try:
        return read(getattr(scapy_module(f"layers.{module}"), layer)(message))
    except ImportError:
        raise
    except Exception:
        # A hostile packet can make a dissector fail in any way; then it tells no name.
        return otherwise()
    finally:
        log.disabled = was
