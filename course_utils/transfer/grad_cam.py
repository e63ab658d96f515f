"""Grad-CAM: which places of a layer's maps speak for a class?"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from course_utils.transfer.features import find_layer
from course_utils.transfer.scores import as_batch, class_scores, targets_of
from course_utils.transfer.stages import stages


@torch.enable_grad()
def grad_cam(
    model: nn.Module,
    images: Tensor,
    target: int | Tensor | None = None,
    layer: str | None = None,
    *,
    enlarge: bool = True,
) -> Tensor:
    """Maps of ``layer``, weighed by how much each would raise the class's score, added up, negatives cut.

    ``relu(sum_k a_k A_k)`` with ``a_k`` the mean over positions of the score's gradient at map ``A_k``
    (Selvaraju et al., arXiv:1610.02391; for a network that ends in global average pooling and one linear
    layer these are, up to a factor, its class activation maps, Zhou et al., arXiv:1512.04150).

    Args:
        model: a network to logits; evaluated, its mode put back, its gradients untouched.
        images: float (N, C, H, W), or one image (C, H, W), normalised.
        target: class, or one a image (N,); by default the highest score's.
        layer: path or stage whose output to weigh; by default the last stage that hands on maps.
        enlarge: to the images' (H, W), bilinearly, instead of the layer's own.

    Returns:
        (N, H, W), or (H, W) for one image; 0 and above, not scaled.

    Raises:
        ValueError: no such layer, class or shape, or a layer without maps.
    """
    batch, single = as_batch(images)
    if layer is None:
        with_maps = [stage.name for stage in stages(model).values() if stage.size and min(stage.size) > 1]
        if not with_maps:
            raise ValueError("this network has no stage with maps: Grad-CAM needs places to weigh")
        layer = with_maps[-1]
    held: list[Tensor] = []

    def hold(module, args, output):
        # The graph begins here; the clone protects the maps from an in-place layer behind.
        held.append(output.detach().requires_grad_())
        return held[-1].clone()

    handle = find_layer(model, layer).register_forward_hook(hold)
    try:
        logits = class_scores(model, batch)
    finally:
        handle.remove()
    if not held or held[-1].ndim != 4:
        raise ValueError(f"layer {layer!r} gives no maps (N, C, H, W): choose one before the flattening")
    maps = held[-1]
    chosen = targets_of(logits, target)
    score = logits.gather(1, chosen[:, None]).sum()
    (gradient,) = torch.autograd.grad(score, maps)
    weights = gradient.mean((2, 3), keepdim=True)
    cam = F.relu((weights * maps.detach()).sum(1))
    if enlarge:
        cam = F.interpolate(cam[:, None], batch.shape[2:], mode="bilinear", align_corners=False)[:, 0]
    return cam[0] if single else cam
