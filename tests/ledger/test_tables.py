"""Totals, the ways to look at them, and how they print."""

import builtins
import re
from html.parser import HTMLParser

import pytest
import torch
from torch import nn

from course_utils import models
from course_utils.ledger import Ledger, account, compare

from .nets import SharedTwice


@pytest.fixture(scope="module")
def resnet() -> Ledger:
    return account(models.create("resnet20"), (3, 32, 32))


@pytest.fixture(scope="module")
def lenet() -> Ledger:
    return account(models.create("lenet5"), (1, 32, 32))


def test_restrict_to_the_rows_of_a_deck(lenet):
    layers = lenet.restrict("layers")
    assert all(row.macs or "pool" in row.kind or row.kind == "flatten" for row in layers)
    assert layers.macs == lenet.macs and layers.parameters == lenet.parameters
    assert {row.kind for row in lenet.restrict("weights")} == {"conv2d", "linear"}
    assert {row.kind for row in lenet.restrict({"linear"})} == {"linear"}
    big = lenet.restrict(lambda row: row.macs > 100_000)
    assert 0 < len(big) < len(lenet) and min(row.macs for row in big) > 100_000


def test_restrict_rejects_an_unknown_set(lenet):
    with pytest.raises(ValueError, match="rows must be one of all, computing, layers, weights.*'layer'"):
        lenet.restrict("layer")


def test_account_takes_the_same_conventions():
    model = models.create("lenet5")
    assert account(model, (1, 32, 32), rows="layers", biases=False) == account(model, (1, 32, 32)).restrict(
        "layers", biases=False
    )


def test_fold_gives_stages_with_the_same_totals(resnet):
    stages = resnet.fold()
    assert [row.module for row in stages][:4] == ["conv1", "bn1", "relu", "layer1"]
    for quantity in ("parameters", "macs", "flops", "activation_bytes", "saved_bytes", "receptive_field"):
        assert getattr(stages, quantity) == getattr(resnet, quantity)
    layer2 = next(row for row in stages if row.module == "layer2")
    assert layer2.macs == sum(row.macs for row in resnet["layer2"])
    assert layer2.input_shape == (1, 16, 32, 32) and layer2.output_shape == (1, 32, 16, 16)
    with pytest.raises(ValueError, match="depth must be at least 1, got 0"):
        resnet.fold(0)


def test_rows_of_one_module(resnet):
    assert {row.module.split(".")[0] for row in resnet["layer1"]} == {"layer1"}
    with pytest.raises(
        KeyError, match="no operation of a module 'layer9'; modules with operations: conv1, bn1"
    ):
        resnet["layer9"]


def test_data_frame(resnet):
    frame = resnet.to_frame()
    assert len(frame) == len(resnet)
    assert frame.macs.sum() == resnet.macs and frame.flops.sum() == resnet.flops
    assert (frame.flops == 2 * frame.macs).all()
    assert frame.parameters.sum() == resnet.parameters
    assert list(frame.kind) == [row.kind for row in resnet]


def test_data_frame_says_what_is_missing(resnet, monkeypatch):
    real = builtins.__import__

    def without_pandas(name, *args, **kwargs):
        if name == "pandas":
            raise ImportError(name)
        return real(name, *args, **kwargs)

    monkeypatch.setattr(builtins, "__import__", without_pandas)
    with pytest.raises(ImportError, match="pip install pandas"):
        resnet.to_frame()


def test_text_has_every_row_both_columns_and_the_totals(resnet):
    text = str(resnet)
    title, header, _, *body = text.splitlines()
    assert title == "resnet20, input 1x3x32x32, evaluation"
    assert re.search(r"MACs +FLOPs", header) and "receptive field" in header
    assert body[0].split()[:4] == ["conv1", "conv2d", "1x3x32x32", "1x16x32x32"]
    total = next(line for line in body if line.startswith("total"))
    assert total.split()[1:4] == ["269,722", f"{resnet.macs:,}", f"{resnet.flops:,}"]
    assert sum(
        line.startswith(("layer", "conv1", "bn1", "relu", "avgpool", "fc", "(resnet20)")) for line in body
    ) == len(resnet)
    assert "1 MAC = 2 FLOPs" in text


def test_text_marks_shared_parameters():
    text = str(account(SharedTwice(), (16, 8, 8)))
    assert text.count("(592)") == 1 and "shared layer" in text


def test_rich_table_has_the_same_cells(resnet):
    console = pytest.importorskip("rich.console")
    out = console.Console(width=250, record=True, file=open("/dev/null", "w"))  # noqa: SIM115
    out.print(resnet)
    text = out.export_text()
    assert "layer3.2.conv2" in text and "269,722" in text and f"{resnet.macs:,}" in text


class Cells(HTMLParser):
    def __init__(self):
        super().__init__()
        self.open, self.cells, self.rows = [], [], []

    def handle_starttag(self, tag, attributes):
        self.open.append(tag)
        if tag == "tr":
            self.rows.append([])

    def handle_endtag(self, tag):
        assert self.open.pop() == tag, "tags nest"

    def handle_data(self, data):
        if self.open[-1] in ("td", "th"):
            self.rows[-1].append(data)


def test_html_is_well_formed_complete_and_escaped(resnet):
    parser = Cells()
    parser.feed(resnet._repr_html_())
    assert parser.open == []
    header, *body, footer = parser.rows
    assert {"MACs", "FLOPs", "parameters", "receptive field"} <= set(header)
    assert len(body) == len(resnet)
    assert f"{resnet.macs:,}" in footer

    class Odd(nn.Module):
        name = "<script>"

        def forward(self, x):
            return x + 1

    assert "<script>" not in account(Odd(), (1, 2, 2))._repr_html_()


def test_compare(resnet):
    other = account(models.create("resnet32"), (3, 32, 32))
    comparison = compare(resnet, other)
    assert comparison["macs"] == (resnet.macs, other.macs, other.macs / resnet.macs)
    assert comparison["parameters of conv2d"][0] == sum(r.parameters for r in resnet if r.kind == "conv2d")
    frame = comparison.to_frame()
    assert list(frame.columns) == ["quantity", "resnet20", "resnet32", "ratio"]
    assert "464,154" in str(comparison) and "464,154" in comparison._repr_html_()
    assert compare(resnet, resnet).to_frame().columns.is_unique
    with pytest.raises(KeyError, match="no quantity 'speed'"):
        comparison["speed"]
    with pytest.raises(TypeError, match="b must be a Ledger as account"):
        compare(resnet, models.create("lenet5"))


def test_compare_where_one_has_nothing(lenet):
    convolutions_only = account(nn.Conv2d(1, 2, 3), (1, 8, 8))
    assert compare(convolutions_only, lenet)["macs of linear"][::2] == (0, None)
    assert "–" in str(compare(convolutions_only, lenet))


def test_rows_are_data_that_cannot_change(resnet):
    with pytest.raises(AttributeError):
        resnet.rows[0].macs = 1
    assert torch.is_tensor(resnet.rows[0].inputs) is False
