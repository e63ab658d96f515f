from course_utils.book.extension import PlainAttributes, repaint
from course_utils.plots import DARK, LIGHT

DRAWING = (
    f'<svg><path style="fill: {LIGHT["paper"]}"/><g style="fill: {LIGHT["ink"]}"/>'
    f'<path style="stroke: {LIGHT["paper"]}"/><image href="data:image/png;base64,AAAA"/>'
    '<path style="fill: #123456"/></svg>'
)


def test_the_light_version_only_loses_its_ground():
    assert repaint(DRAWING, LIGHT) == DRAWING.replace(f"fill: {LIGHT['paper']}", "fill: none", 1)


def test_the_dark_version_has_no_light_colour_left():
    dark = repaint(DRAWING, DARK)
    assert not any(colour in dark for colour in LIGHT.values())
    assert f"fill: {DARK['ink']}" in dark and f"stroke: {DARK['paper']}" in dark
    assert "fill: #123456" in dark and "base64,AAAA" in dark


def test_napoleon_changes_docstrings_but_those_of_attributes():
    plain = PlainAttributes()
    for what, expected in (("property", ["The function: conv2d."]), ("method", [":type: The function"])):
        lines = ["The function: conv2d."]
        plain.before(None, what, "kind", None, None, lines)
        lines[:] = [":type: The function"]  # as Napoleon reads it
        plain.after(None, what, "kind", None, None, lines)
        assert lines == expected
