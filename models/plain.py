"""Plain data as bytes: arrays as ``.npy`` without pickle, settings as sorted JSON; equal values give equal bytes."""

import io
import json
from collections.abc import Mapping
from typing import Any, NoReturn

import numpy as np
from numpy.typing import NDArray

from features.errors import BadArtifact


def array_bytes(array: NDArray[Any]) -> bytes:
    """The array as a ``.npy`` file; ``.npz`` would write the time of day into the zip."""
    buffer = io.BytesIO()
    np.lib.format.write_array(buffer, np.ascontiguousarray(array), allow_pickle=False)
    return buffer.getvalue()


def array_from(files: Mapping[str, bytes], name: str, dtype: type, shape: tuple[int | None, ...]) -> NDArray[Any]:
    """The array in ``files[name]``; BadArtifact unless it has this dtype and shape (None: any length)."""
    try:
        array = np.lib.format.read_array(io.BytesIO(files[name]), allow_pickle=False)
    except (KeyError, ValueError, EOFError) as error:
        raise BadArtifact(f"{name} is missing or not an array of numbers ({error}): save the model again") from error
    fits = array.ndim == len(shape) and all(w is None or w == n for w, n in zip(shape, array.shape, strict=True))
    if array.dtype != np.dtype(dtype) or not fits:
        raise BadArtifact(
            f"{name} contains {array.dtype} of shape {array.shape}, needs {np.dtype(dtype)} of shape {shape}: "
            "save the model again"
        )
    return np.ascontiguousarray(array)


def json_bytes(value: object) -> bytes:
    """Sorted JSON with a trailing newline; NaN is refused, because JSON has no such number."""
    return (json.dumps(value, sort_keys=True, indent=1, allow_nan=False) + "\n").encode()


def json_from(files: Mapping[str, bytes], name: str) -> dict[str, Any]:
    """The JSON object in ``files[name]``; BadArtifact for anything that :func:`json_bytes` would not have written."""
    try:
        value = json.loads(files[name], parse_constant=_no_constant, object_pairs_hook=_unique)
    except (KeyError, ValueError, RecursionError) as error:
        raise BadArtifact(f"{name} is missing or not JSON ({error}): save the model again") from error
    if not isinstance(value, dict):
        raise BadArtifact(f"{name} contains a {type(value).__name__}, needs an object: save the model again")
    return value


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("an object has a key twice")
    return found
