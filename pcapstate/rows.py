"""The type of all arrays of numbers and records."""

from __future__ import annotations

from typing import Any

import numpy as np

Rows = np.ndarray[Any, Any]
