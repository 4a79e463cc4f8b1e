"""Icons are named after actions, and follow the colours around them."""

import pytest
from PySide6.QtGui import QColor, QIcon

from curator.engine.resources import resource
from curator.ui.actions import ACTIONS
from curator.ui.icons import icon
from curator.ui.taste import palette_of

NAMES = sorted(p.stem for p in resource("icons").glob("*.svg"))


def ink(image):
    """The colour of the darkest-drawn pixel."""
    spots = [image.pixelColor(x, y) for x in range(image.width()) for y in range(image.height())]
    return max(spots, key=QColor.alpha)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_every_icon_belongs_to_an_action_and_is_drawn_in_the_colour_of_text(qapp, theme):
    assert NAMES and set(NAMES) <= {a.id for a in ACTIONS}
    palette = palette_of(theme)
    for name in NAMES:
        drawn = ink(icon(name, palette).pixmap(32, 32, QIcon.Mode.Normal).toImage())
        assert drawn.alpha() > 150, name
        assert abs(drawn.lightness() - palette.buttonText().color().lightness()) < 40, name
    assert icon("nobody", palette).isNull()
