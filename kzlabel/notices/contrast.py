"""Contrast as WCAG 2.2 measures it (relative luminance, contrast ratio; success criterion 1.4.3)."""

from typing import Final

__all__ = ["BLACK", "ENOUGH", "WHITE", "Colour", "luminance", "opacity", "ratio"]

Colour = tuple[int, int, int]

BLACK: Final[Colour] = (0, 0, 0)
WHITE: Final[Colour] = (255, 255, 255)
ENOUGH: Final = 4.5
"""The least ratio between letters and their ground that people read well (WCAG 2.2 1.4.3, level AA)."""


def luminance(colour: Colour) -> float:
    """Return the relative luminance of an sRGB colour, 0 to 1."""
    red, green, blue = (_linear(part / 255) for part in colour)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _linear(part: float) -> float:
    return part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4


def ratio(one: Colour, other: Colour) -> float:
    """Return the contrast between two colours, 1 to 21."""
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


def opacity(letters: Colour, ground: Colour, worst: Colour, wished: float) -> int:
    """Return how opaque `ground` has to be, 0 to 255, so that `letters` are legible over it.

    Args:
        letters: Colour of the letters, which are opaque.
        ground: Colour of what is laid between them and the picture.
        worst: Colour in the picture that is nearest to the letters'.
        wished: What the caller would have, 0 to 1.
    """
    for alpha in range(round(wished * 255), 256):
        mixed = [
            round((alpha * over + (255 - alpha) * under) / 255) for over, under in zip(ground, worst, strict=True)
        ]
        if ratio(letters, (mixed[0], mixed[1], mixed[2])) >= ENOUGH + 0.1:  # a little more: colours are rounded
            return alpha
    return 255
