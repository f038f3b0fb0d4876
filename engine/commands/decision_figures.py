"""What a discriminator thinks, as a picture: its fields over points, or its scores under pictures.

References: figure 1 of Goodfellow et al. 2014 (arXiv 1406.2661) for points on a line; Simonyan et al. 2013
(arXiv 1312.6034) for the saliency. Legend: N samples, H x W pixels, C channels, R cells along an axis.
"""

from __future__ import annotations

from collections.abc import Collection

import numpy as np
from numpy.typing import NDArray

from engine.commands import figures, pictures
from engine.commands.figures import D_COLOR, INK, LINE, MUTED, SAMPLE_COLOR, Axes, Sheet
from engine.messages import Decision, Scores

SIDE, MARGIN = 400.0, 52.0  # of a field, and the room for its numbers, px
ARROWS = 70  # at most
LONGEST = 26.0  # of an arrow, px
NOTHING = 1e-3  # of the highest density is none
WIDEST = "-0.00 "
Pixels = NDArray[np.uint8]


def draw_line(decision: Decision, title: str, hidden: Collection[str]) -> Pixels:
    """Densities and D over a line; arrows along its foot and a stroke for each sample below."""
    sheet = Sheet(720, 440)
    box = (MARGIN, 2 * LINE + 16.0, 720 - MARGIN, 380.0)
    peak = 1.1 * float(np.nanmax([*decision.p_data, *decision.p_g, 1e-9]))
    densities, chances = Axes(box, (decision.extent[0], (0.0, peak))), Axes(box, (decision.extent[0], (0.0, 1.1)))
    figures.frame(sheet, densities)
    for value in (0.0, 0.5, 1.0):
        ((x, y),) = chances.places(np.array([[decision.extent[0][1], value]], np.float64)).tolist()
        sheet.text(x + 6, y, f"{value:g}", D_COLOR, "lm")
    figures.curve(sheet, chances, np.full(2, 0.5), MUTED, width=1)
    figures.curve(sheet, chances, best_where_known(decision), D_COLOR, width=1)
    figures.curve(sheet, chances, decision.d, D_COLOR, dashed=True)
    figures.curve(sheet, densities, decision.p_data, INK)
    figures.curve(sheet, densities, decision.p_g, SAMPLE_COLOR)
    if "samples" not in hidden:
        at = np.stack((decision.samples_ND[:, 0], np.zeros(len(decision.samples_ND), np.float32)), axis=1)
        for x, y in densities.inside(densities.places(at)).tolist():
            sheet.pen.line((x, y + 26, x, y + 36), SAMPLE_COLOR)
    if "arrows" not in hidden:
        starts = np.linspace(*decision.extent[0], 25)[:-1, None]
        _arrows(sheet, chances, decision, starts, np.full((len(starts), 1), 0.03))
    entries = [("line", INK, "p data"), ("line", SAMPLE_COLOR, "p of G")]
    entries += [("dashes", D_COLOR, "D(x)"), ("line", D_COLOR, "D*(x), the best D")]
    sheet.text(MARGIN, 4, title, INK)
    sheet.legend(MARGIN, LINE + 6, entries)
    return sheet.pixels()


def draw_plane(decision: Decision, title: str, hidden: Collection[str]) -> Pixels:
    """The density of the data, D with data, samples and arrows over it, and the best D, beside each other."""
    (x, y), step = decision.extent, SIDE + MARGIN
    top = 3 * LINE + 16.0
    boxes = [figures.square(MARGIN + k * step, top, SIDE, (x, y)) for k in range(3)]
    sheet = Sheet(round(MARGIN + 3 * step + 20), round(boxes[0][3] + 2 * LINE))
    peak = float(np.nanmax(decision.p_data, initial=1e-9))
    fields = (
        (f"p data, white 0 to black {peak:.3g}", figures.shaded(decision.p_data[::-1] / peak)),
        ("D(x)", figures.colored(decision.d[::-1])),
        ("D*(x), the best D against this G", figures.colored(best_where_known(decision)[::-1])),
    )
    for box, (name, field) in zip(boxes, fields, strict=True):
        sheet.paste(field, box)
        figures.frame(sheet, Axes(box, (x, y)), name)
    axes = Axes(boxes[1], (x, y))
    entries = []
    clouds = (("data", decision.reals_ND, INK, 1.0), ("samples", decision.samples_ND, SAMPLE_COLOR, 2.2))
    for name, points_ND, color, radius in clouds:
        if name not in hidden:
            figures.dots(sheet, axes.inside(axes.places(points_ND)), color, radius)
            entries.append(("dot", color, name))
    if "arrows" not in hidden:
        starts = decision.samples_ND[:: max(len(decision.samples_ND) // ARROWS, 1)]
        _arrows(sheet, axes, decision, starts, np.empty((len(starts), 0)))
        entries.append(("arrow", INK, "gradient of D"))
    _color_bar(sheet, boxes[2][2] + 14, boxes[2][1], boxes[2][3])
    sheet.text(MARGIN, 4, title, INK)
    sheet.legend(MARGIN, LINE + 6, entries)
    return sheet.pixels()


def best_where_known(decision: Decision) -> NDArray[np.float32]:
    """D*, NaN where neither data nor samples are: there it has no value."""
    density = decision.p_data + decision.p_g
    return np.where(density > NOTHING * density.max(initial=0.0), decision.d_star, np.nan).astype(np.float32)


def _arrows(
    sheet: Sheet, axes: Axes, decision: Decision, starts_ND: NDArray[np.floating], heights_N: NDArray[np.floating]
) -> None:
    """How the gradient of D would move points; the longest arrow stands for the steepest place, by its root."""
    low, high = np.array(decision.extent).T
    starts_ND = starts_ND[((starts_ND >= low) & (starts_ND <= high)).all(axis=1)]
    cells = np.array(decision.gradient.shape[:-1]) - 1
    at = np.clip(np.rint((starts_ND - low) / (high - low) * cells), 0, cells).astype(np.int64)
    moves_ND = decision.gradient[tuple(at[:, ::-1].T)].astype(np.float64)
    steepest = float(np.abs(decision.gradient[np.isfinite(decision.gradient)]).max(initial=0.0))
    if steepest <= 0 or not len(starts_ND):
        return
    length = np.linalg.norm(moves_ND, axis=1, keepdims=True)
    moves_ND *= LONGEST * np.sqrt(length / steepest) / np.maximum(length, 1e-12)
    flat = moves_ND.shape[1] == 1
    places = axes.places(np.hstack((starts_ND, heights_N)) if flat else starts_ND)
    for (x, y), move in zip(places.tolist(), moves_ND.tolist(), strict=True):
        if np.isfinite(move).all():
            figures.arrow(sheet, (x, y), (x + move[0], y - (0.0 if flat else move[1])), INK)


def _color_bar(sheet: Sheet, left: float, top: float, bottom: float) -> None:
    """What the colours of D and D* mean."""
    sheet.paste(figures.colored(np.linspace(1.0, 0.0, 256)[:, None]), (left, top, left + 10, bottom))
    for share in (0.0, 0.5, 1.0):
        sheet.text(left + 14, top + share * (bottom - top), f"{1 - share:g}", anchor="lm")


def draw_scores(
    samples_NHWC: Pixels, texts: Collection[str], scores: Scores, title: str, scale: int, look: int | None
) -> Pixels:
    """Pictures with D's score under each; with `look`, that one and where D looks beside it, below the others."""
    count, height, width, _ = samples_NHWC.shape
    columns, _, _ = pictures.grid_shape(count, height * scale + LINE, width * scale)
    measure = Sheet(1, 1)
    cell = max(width * scale, round(measure.font.getlength(WIDEST))) + 4
    rows, row = -(-count // columns), height * scale + LINE + 4
    large = 0 if look is None else 4 * scale
    wide = max(columns * cell, 2 * (width * large + 4), round(measure.font.getlength(title)) + 12) + 8
    sheet = Sheet(wide, 2 * LINE + rows * row + (height * large + LINE if look is not None else 0))
    sheet.text(4, 4, title, INK)
    for k, (sample, text) in enumerate(zip(samples_NHWC, texts, strict=True)):
        left, top = 4 + k % columns * cell + (cell - width * scale) // 2, LINE + 8 + k // columns * row
        sheet.paste(_rgb(sample), (left, top, left + width * scale, top + height * scale))
        sheet.text(left + width * scale / 2, top + height * scale + 1, text, INK, "ma")
    if look is not None and scores.saliency_NHW is not None and scores.peaks_N is not None:
        top = 2 * LINE + rows * row
        peak = float(scores.peaks_N[look])
        sheet.text(4, top - LINE, f"Sample {look}; red +{peak:.2g} to blue -{peak:.2g} logit per unit of brightness")
        heat = figures.colored((scores.saliency_NHW[look] + 1.0) / 2.0)
        for k, picture in enumerate((_rgb(samples_NHWC[look]), heat)):
            left = 4 + k * (width * large + 4)
            sheet.paste(picture, (left, top, left + width * large, top + height * large))
    return sheet.pixels()


def _rgb(picture_HWC: Pixels) -> Pixels:
    return np.ascontiguousarray(np.broadcast_to(picture_HWC, (*picture_HWC.shape[:2], 3)))


def score_texts(logits_N: NDArray[np.float32], *, relative: bool) -> list[str]:
    """D(x), or, for a relativistic critic, the logit above or below the middle one."""
    logits = logits_N.astype(np.float64)
    if relative:
        finite = logits[np.isfinite(logits)]
        middle = float(np.median(finite)) if len(finite) else 0.0
        return [f"{round(value, 1) + 0.0:+.1f}" for value in (logits - middle).tolist()]
    return [f"{value:.2f}" for value in 1.0 / (1.0 + np.exp(-np.clip(logits, -50, 50)))]
