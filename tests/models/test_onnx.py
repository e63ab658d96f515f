"""A second oracle: the graphs of Caffe's AlexNet, GoogLeNet and others that onnx carries for its own tests.

Their weights are constants, but the graphs are the published ones, written by other people.
"""

from pathlib import Path

import numpy as np
import pytest
import torch

from course_utils import models
from course_utils.models.zfnet import ZFNet

onnx = pytest.importorskip("onnx", reason="onnx, whose test graphs are the oracle, is not installed")
reference = pytest.importorskip("onnx.reference")


def graph(name):
    return onnx.load(Path(onnx.__file__).parent / "backend/test/data/light" / f"light_{name}.onnx")


def weight_shapes(model):
    """Shapes of all weights and biases, in the order in which the graph uses them."""
    values = {i.name: onnx.numpy_helper.to_array(i) for i in model.graph.initializer}
    shapes = {name: value.shape for name, value in values.items()}
    used = []
    for node in model.graph.node:
        if node.op_type == "ConstantOfShape":
            shapes[node.output[0]] = tuple(int(n) for n in values[node.input[0]])
        elif node.op_type == "Reshape" and node.input[0] in shapes:  # GoogLeNet's last weight comes as 4-D
            shapes[node.output[0]] = tuple(int(n) for n in values[node.input[1]])
        elif node.op_type in ("Conv", "Gemm"):
            used += [shapes[name] for name in node.input[1:]]
    return used


def operations(model):
    """(operation, kernel, stride, groups) of convolutions, pooling and normalisation, in order."""
    kinds = {"Conv", "MaxPool", "LRN"}
    found = []
    for node in model.graph.node:
        attributes = {a.name: onnx.helper.get_attribute_value(a) for a in node.attribute}
        if node.op_type in kinds:
            kernel, stride = attributes.get("kernel_shape", [0])[0], attributes.get("strides", [0])[0]
            found.append((node.op_type, kernel, stride, attributes.get("group", 1)))
    return found


def our_operations(model):
    """The same of our network, in the order of a forward pass."""
    found = []

    def note(module, *_):
        if isinstance(module, torch.nn.Conv2d):
            found.append(("Conv", module.kernel_size[0], module.stride[0], module.groups))
        elif isinstance(module, torch.nn.MaxPool2d):
            found.append(("MaxPool", module.kernel_size, module.stride, 1))
        elif isinstance(module, torch.nn.LocalResponseNorm):
            found.append(("LRN", 0, 0, 1))

    for module in model.modules():
        module.register_forward_hook(note)
    model.eval()(torch.empty(1, *(model.input_size or (3, 224, 224)), device="meta"))
    return found


def published(name):
    with torch.device("meta"):
        if name == "zfnet512":
            return ZFNet((512, 512, 512), (4096, 1024), num_classes=1000, in_channels=3)
        names = {
            "bvlc_alexnet": "alexnet_2012",
            "inception_v1": "googlenet_2014",
            "squeezenet": "squeezenet1_1",
        }
        return models.create(names.get(name, name))


@pytest.mark.parametrize("name", ["bvlc_alexnet", "zfnet512", "inception_v1", "vgg19", "squeezenet"])
def test_parameter_shapes_in_order(name):
    assert [tuple(p.shape) for p in published(name).parameters()] == weight_shapes(graph(name))


@pytest.mark.parametrize("name", ["bvlc_alexnet", "inception_v1", "vgg19", "squeezenet"])
def test_the_same_operations_in_the_same_order(name):
    assert our_operations(published(name)) == operations(graph(name))


@pytest.mark.slow
def test_alexnet_2012_computes_what_caffes_graph_computes():
    """The same random weights in both; onnx's reference evaluator is numpy, without PyTorch."""
    torch.manual_seed(0)
    ours = models.create("alexnet_2012").eval()
    for module in ours.modules():
        if isinstance(module, torch.nn.LocalResponseNorm):
            module.k, module.alpha = 1.0, 1e-4  # Caffe's constants, where ours are the paper's
    with torch.no_grad():
        ours.classifier[-1].weight *= 100  # so that the classes differ

    theirs = graph("bvlc_alexnet")
    constants = [node for node in theirs.graph.node if node.op_type == "ConstantOfShape"]
    for node in constants:
        theirs.graph.node.remove(node)
    names = [name for n in theirs.graph.node if n.op_type in ("Conv", "Gemm") for name in n.input[1:]]
    for name, parameter in zip(names, ours.parameters(), strict=True):
        theirs.graph.initializer.append(onnx.numpy_helper.from_array(parameter.detach().numpy(), name))

    x = torch.randn(1, 3, 227, 227)
    (expected,) = reference.ReferenceEvaluator(theirs).run(None, {"data_0": x.numpy()})
    with torch.no_grad():
        got = ours(x).softmax(1).numpy()
    np.testing.assert_allclose(got, expected, rtol=1e-4)
