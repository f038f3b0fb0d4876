"""Pictures as codes: a picture, its grid of codes, and what the codes decode to while a hand paints them.

References: van den Oord et al. 2017 (arXiv 1711.00937) for the codes; painting them is our own.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from PySide6.QtCore import QEvent, QSize, Qt, QTimer, Slot
from PySide6.QtGui import (
    QDragEnterEvent,
    QDropEvent,
    QImage,
    QKeyEvent,
    QKeySequence,
    QResizeEvent,
    QShowEvent,
)
from PySide6.QtWidgets import QFileDialog, QHBoxLayout, QVBoxLayout, QWidget

import engine
from engine import CODE_SUFFIX, CodeFile, CodeFileError, Codes, Event, Pixels, SnapshotInfo
from explorer import theme
from explorer.code_painting import (
    OPEN,
    Cell,
    Region,
    brushed,
    cut_out,
    everywhere,
    flooded,
    laid_over,
    masked,
    painted,
    pasted,
    unpainted,
)
from explorer.code_sheets import Painting, Sheet, is_sheet_file, sheets_in
from explorer.drops import PICTURES
from explorer.edits import new_gesture, push_edit
from explorer.explored import explored_model, grouped
from explorer.panel import Desk, Panel
from explorer.picture_files import PictureFileError
from explorer.provenance import codes_facts
from explorer.state import Action, ChooseSnapshot, State
from explorer.text import mark, tr
from explorer.widgets import code_tools
from explorer.widgets.canvas import to_qimage
from explorer.widgets.code_colours import code_colours, most_used
from explorer.widgets.code_palette import CodePalette
from explorer.widgets.code_squares import CodeSquares
from explorer.widgets.code_tools import CodeTools
from explorer.widgets.elided import ElidedLabel
from explorer.widgets.picture_strip import PictureStrip
from explorer.widgets.snapshot_chooser import SnapshotChooser

ENCODE, DECODE, BASE, BOOK = "codes.encode", "codes.decode", "codes.base", "codes.book"  # channels
SHOWN_FIELDS = frozenset(
    ("explored", "at_step", "run", "opened", "training", "live_run", "snapshots", "snapshot_steps", "ready")
)
LIVE_MS, BOOK_MS = 700, 10_000  # between two looks at weights that change


class CodesPanel(Panel):
    """The codes of one picture by the model that is explored."""

    key = "codes"
    title = mark("Codes")
    needs = ("codec",)

    def __init__(self, desk: Desk, parent: QWidget | None = None) -> None:
        super().__init__(desk, parent)
        self._snapshot = self._model = ""
        self._info: SnapshotInfo | None = None
        self._asked_about = ""  # the snapshot whose facts were asked for
        self._step = 0
        self._sheet: Sheet | None = None
        self._wanted: Sheet | None = None  # one that the model in view does not take
        self._base: Codes | None = None  # the codes of the picture, and what they decode to
        self._rebuilt: Pixels | None = None
        self._decoded: Pixels | None = None
        self._valid: dict[str, int] = {}  # channel -> the first number whose answer is still of use
        self._stroke: int | None = None
        self._filled = False  # this stroke has filled already
        self._region: Region | None = None
        self._piece: tuple[Codes, int] | None = None  # what was copied, and the size of its book
        self._colours: Pixels | None = None
        self._presenting = False
        self._stale = False
        self._pace = QTimer(self, singleShot=True, interval=LIVE_MS)
        self._pace.timeout.connect(self._look_again)
        self._book_pace = QTimer(self, singleShot=True, interval=BOOK_MS)
        self._build()
        self.setAcceptDrops(True)

    # ---------------------------------------------------------------------------------------------- layout

    def _build(self) -> None:
        self._chooser = SnapshotChooser(self.needs)
        self._chooser.picked.connect(self._choose)
        self._under = ElidedLabel(size=theme.SMALL, muted=True)
        self._under.setMinimumWidth(1)
        self._strip = PictureStrip(self.desk)
        self._strip.picked.connect(self.show_sheet)
        self._strip.openWanted.connect(self.ask_for_file)
        self._strip.saveWanted.connect(self.ask_and_save)
        self._tools = CodeTools()
        self._tools.changed.connect(self._follow_tools)
        self._tools.did.connect(self._do)
        self._palette = CodePalette()
        self._palette.chosen.connect(self._take_brush)
        self._note = theme.label(size=theme.SMALL)
        self._note.setWordWrap(True)
        self._note.hide()
        self._squares = CodeSquares()
        self._squares.hovered.connect(self._hover)
        self._squares.picked.connect(self._pick)
        self._squares.regionChosen.connect(self._choose_region)
        self._squares.strokeBegan.connect(self._begin_stroke)
        self._squares.touched.connect(self._touch)
        self._squares.strokeEnded.connect(self._end_stroke)
        self._top = QWidget()
        row = QHBoxLayout(self._top)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(theme.GRID)
        row.addWidget(self._chooser, 1)
        row.addWidget(self._under, 1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(theme.GRID, theme.GRID, theme.GRID, theme.GRID)
        layout.setSpacing(theme.GRID)
        for widget in (self._top, self._strip, self._tools, self._squares):
            layout.addWidget(widget, 1 if widget is self._squares else 0)
        layout.addWidget(self._note)
        layout.addWidget(self._palette, 1)
        self._show_all()

    def sizeHint(self) -> QSize:
        return QSize(640, 640)

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.FontChange and hasattr(self, "_strip"):
            self._strip.fit()

    # ---------------------------------------------------------------------------------------------- what is told

    def show_state(self, state: State, changed: frozenset[str]) -> None:
        if not changed & SHOWN_FIELDS:
            return
        self._chooser.show_state(state)
        snapshot = self.snapshot(state)
        info = _info_of(state, snapshot)
        if info is None or info.codes is None or len(info.codes.grid) != 2 or len(info.shape) != 3:
            if info is None and snapshot and snapshot != self._asked_about:
                self._asked_about = snapshot
                self.desk.post(engine.OpenSnapshot(snapshot))
            return
        known, model = self._info, explored_model(state, snapshot)
        same = known is not None and (known.shape, known.codes) == (info.shape, info.codes)
        if same and (snapshot, model) == (self._snapshot, self._model):
            return
        self._snapshot, self._model, self._info = snapshot, model, info
        self._palette.set_book(info.codes.book)
        self._book_pace.stop()
        if not same:
            self._leave(info)
        self._strip.show_model(info)
        if self._wanted is not None:
            self.show_sheet(self._wanted)
        self._look_again()

    def _leave(self, info: SnapshotInfo) -> None:
        """Pictures and codes of another kind come: what was painted stays with its picture."""
        self._base = self._rebuilt = self._decoded = self._colours = None
        if self._sheet is not None and not self._sheet.fits(info):
            self._sheet = None
        self._choose_region(None)
        self._show_all()

    def take(self, event: Event | Action) -> None:
        self._strip.take(event)
        if isinstance(event, engine.LiveChanged):
            if self._snapshot == engine.LIVE and self.isVisible() and not self._pace.isActive():
                self._pace.start()
        elif isinstance(event, engine.Failed) and event.channel in (ENCODE, DECODE, BASE, BOOK):
            self._say(event.reason)
        elif isinstance(event, engine.Reconstructed | engine.CodesDecoded | engine.BookRead) and self._awaits(event):
            self._take_answer(event)

    def _awaits(self, answer: engine.Reconstructed | engine.CodesDecoded | engine.BookRead) -> bool:
        """Whether an answer is of what is in view; the bridge has dropped those that newer ones overtook."""
        valid = self._valid.get(answer.channel)
        return valid is not None and answer.number >= valid and answer.snapshot == self._snapshot

    def _take_answer(self, event: engine.Reconstructed | engine.CodesDecoded | engine.BookRead) -> None:
        if isinstance(event, engine.BookRead):
            self._colours = code_colours(len(event.map_K2), event.map_K2)
            self._palette.set_patches(event.thumbnails, event.chain_K, event.usage_K)
            self._squares.follow(self._tools, self._colours)
        elif event.channel == DECODE:
            self._step, self._decoded = event.step, event.samples[0]
            self._squares.show_decoded(self._decoded, grouped(self._step))
        elif event.codes_NHW is not None:
            self._take_base(event.codes_NHW[0], event.samples[0], event.step)

    def _take_base(self, codes_hw: Codes, rebuilt: Pixels, step: int) -> None:
        """The picture's own codes are there, for the first time or by other weights."""
        first = self._base is None
        self._base, self._rebuilt, self._step = codes_hw, rebuilt, step
        if first and self._palette.code() == 0:
            self._palette.set_code(most_used(codes_hw))
        if self._sheet is not None and self._sheet.pixels is None:
            self._sheet.pixels = rebuilt
            self._strip.refresh()
        self._squares.show_rebuilt(rebuilt)
        self._show_painting()

    # ---------------------------------------------------------------------------------------------- asking

    def _number(self, channel: str) -> int:
        """A number for a request whose answer must be of what is in view now."""
        number = self._valid[channel] = self.desk.number()
        return number

    @Slot()
    def _look_again(self) -> None:
        """Encode and decode by the weights of now; not under a brush."""
        if self._stroke is not None:
            self._pace.start()
            return
        self._stale = not self.isVisible()
        if self._stale or self._info is None:
            return
        if not self._book_pace.isActive():
            self.desk.post(engine.ReadBook(BOOK, self._number(BOOK), self._snapshot))
            self._book_pace.start()
        if self._sheet is not None:
            self._ask_base(self._sheet)

    def _ask_base(self, sheet: Sheet) -> None:
        """The codes of a picture and what they decode to."""
        if sheet.kept is not None:
            self.desk.post(engine.DecodeCodes(BASE, self._number(BASE), self._snapshot, sheet.kept.codes[:1]))
        elif sheet.pixels is not None:
            self.desk.post(engine.Reconstruct(ENCODE, self._number(ENCODE), self._snapshot, sheet.pixels[None]))

    def _ask_decode(self, codes_hw: Codes) -> None:
        self.desk.post(engine.DecodeCodes(DECODE, self.desk.number(), self._snapshot, codes_hw[None]))

    # ---------------------------------------------------------------------------------------------- showing

    @Slot(object)
    def show_sheet(self, sheet: Sheet) -> None:
        """Show a picture with its codes and what is painted on them; one that does not fit waits for its model."""
        if self._info is None or not sheet.fits(self._info):
            self._wanted = sheet
            self._say(_misfit(sheet, self._info))
            return
        if sheet is self._sheet:
            return
        self._say("")
        self._sheet, self._wanted = sheet, None
        self._base = self._rebuilt = self._decoded = None
        for channel in (ENCODE, DECODE, BASE):
            self._number(channel)
        self._strip.show_current(sheet)
        self._show_all()
        if self.isVisible():
            self._ask_base(sheet)
        else:
            self._stale = True

    def _painting(self) -> Codes | None:
        """What is painted on the picture in view; None while its codes are not known."""
        if self._sheet is None or self._base is None:
            return None
        kept = self._sheet.paintings.get(self._model)
        return kept if kept is not None and kept.shape == self._base.shape else unpainted(self._base.shape)

    def shown_codes(self) -> Codes | None:
        """The codes that are decoded: those of the picture with what is painted over them."""
        painting = self._painting()
        return None if painting is None or self._base is None else laid_over(self._base, painting)

    def _show_all(self) -> None:
        """The picture in view before, or without, its codes."""
        sheet = self._sheet
        from_file = sheet is not None and sheet.kept is not None
        self._squares.show_original(
            tr("Original") if sheet is None else sheet.title,
            None if sheet is None or from_file else sheet.pixels,
            tr("These codes came from a file, without an original.") if from_file else tr("Choose a picture above."),
        )
        if self._base is None:
            self._squares.clear()
        self._enable()

    def _show_painting(self) -> None:
        """The codes as they are painted now; their decode follows."""
        codes, base, rebuilt = self.shown_codes(), self._base, self._rebuilt
        if codes is None or base is None or rebuilt is None:
            return
        self._squares.show_codes(base, codes)
        if (codes != base).any():
            self._ask_decode(codes)
        else:
            self._number(DECODE)  # what is on its way is of what was painted before
            self._decoded = None
        if self._decoded is None:
            self._decoded = rebuilt
            self._squares.show_decoded(rebuilt, grouped(self._step))
        if self._sheet is not None and self._stroke is None:
            self._strip.show_current(self._sheet)
        self._enable()

    def _enable(self) -> None:
        self._tools.enable("copy", self._base is not None)
        self._tools.enable("paste", self._piece is not None and self._base is not None)
        painting = self._painting()
        self._tools.enable("clear", painting is not None and bool((painting != OPEN).any()))

    def _say(self, text: str) -> None:
        self._note.setText(text)
        self._note.setVisible(bool(text) and not self._presenting)
        self._fit_note()

    def _fit_note(self) -> None:
        """Room for all lines of the sentence."""
        height = self._note.heightForWidth(max(self.width() - 2 * theme.GRID, 1))
        self._note.setMinimumHeight(max(height, 0))

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit_note()

    def note(self) -> str:
        """The sentence under the squares."""
        return self._note.text()

    # ---------------------------------------------------------------------------------------------- hands

    @Slot(str)
    def _choose(self, snapshot: str) -> None:
        self.desk.act(ChooseSnapshot(snapshot))
        if snapshot not in self.desk.state().snapshots:
            self.desk.post(engine.OpenSnapshot(snapshot))

    @Slot()
    def _follow_tools(self) -> None:
        self._squares.follow(self._tools, self._colours)

    @Slot(int)
    def _take_brush(self, _code: int) -> None:
        """A code was chosen to be painted with."""
        if self._tools.tool() not in (code_tools.BRUSH, code_tools.FILL):
            self._tools.choose(code_tools.BRUSH)

    @Slot(object)
    def _hover(self, cell: Cell | None) -> None:
        self._squares.set_hover(cell)
        codes = self.shown_codes()
        if cell is None or codes is None or self._base is None:
            self._under.say("")
            return
        words = tr("Row {row}, column {column}: code {code}", row=cell[0], column=cell[1], code=codes[cell])
        if codes[cell] != self._base[cell]:
            words += " " + tr("(was {code})", code=self._base[cell])
        self._under.say(words)

    @Slot(object, bool)
    def _pick(self, cell: Cell, in_original: bool = False) -> None:
        """Take the code of a cell, in the original the one that it was."""
        codes = self._base if in_original else self.shown_codes()
        if codes is not None:
            self._palette.set_code(int(codes[cell]))
            if self._tools.tool() == code_tools.PICK:
                self._tools.choose(code_tools.BRUSH)

    @Slot(object)
    def _choose_region(self, region: Region | None) -> None:
        self._region = region
        self._squares.set_region(region)

    def clear_selection(self) -> bool:
        """Esc: the region; False where there is none."""
        was = self._region is not None
        self._choose_region(None)
        return was

    @Slot()
    def _begin_stroke(self) -> None:
        self._stroke, self._filled = new_gesture(), False

    @Slot()
    def _end_stroke(self) -> None:
        self._stroke = None
        if self._sheet is not None:
            self._strip.show_current(self._sheet)

    @Slot(object, bool)
    def _touch(self, cells: list[Cell], shift: bool) -> None:
        """What the tool in the hand does to the cells that it comes over."""
        painting, codes, tool = self._painting(), self.shown_codes(), self._tools.tool()
        if painting is None or codes is None:
            return
        if tool == code_tools.PICK:
            self._pick(cells[-1])
        elif tool == code_tools.FILL:
            if not self._filled:
                self._filled = True
                mask = (everywhere if shift else flooded)(codes, cells[0])
                self._edit(tr("Fill codes"), painted(painting, mask, self._palette.code()))
        else:
            mask = brushed(cells, self._tools.brush(), painting.shape)
            code = OPEN if tool == code_tools.RESTORE else self._palette.code()
            self._edit(tr("Paint codes"), painted(painting, mask, code))

    def _edit(self, text: str, after: Codes) -> None:
        """Change the painting; one stroke is one step of undo."""
        before = self._painting()
        if self._sheet is None or before is None:
            return
        sheet, model = self._sheet, self._model
        old, new = Painting(sheet, model, before), Painting(sheet, model, after)
        push_edit(self.desk.undo, text, old, new, self._apply, self._stroke)

    def _apply(self, painting: Painting) -> None:
        sheet = painting.sheet
        sheet.paintings[painting.model] = painting.codes
        if painting.model != self._model or self._info is None or not sheet.fits(self._info):
            self._say(tr("{picture} changed for another model; open that to see it.", picture=sheet.title))
        elif sheet is self._sheet:
            self._show_painting()
        else:
            self.show_sheet(sheet)

    @Slot(str)
    def _do(self, what: str) -> None:
        {"copy": self.copy, "paste": self.paste, "clear": self.clear}[what]()

    @Slot()
    def copy(self) -> None:
        """Copy the codes of the region, or all of them."""
        codes = self.shown_codes()
        if codes is None or self._info is None or self._info.codes is None:
            return
        self._piece = (cut_out(codes, self._region or (0, 0, *codes.shape)), self._info.codes.book)
        self._say(tr("Copied {count} codes; choose another picture and paste them there.", count=self._piece[0].size))
        self._enable()

    @Slot()
    def paste(self) -> None:
        """Put the copied codes in at the region, else at the cursor; a whole grid where it was."""
        painting = self._painting()
        if painting is None or self._piece is None or self._info is None or self._info.codes is None:
            return
        piece, book = self._piece
        if book != self._info.codes.book:
            self._say(
                tr("The copied codes are of a book of {other}, this one has {book}; copy codes of this model.",
                   other=book, book=self._info.codes.book)
            )  # fmt: skip
            return
        whole = piece.shape == painting.shape
        corner = self._region[:2] if self._region is not None else (0, 0) if whole else self._squares.cursor_cell()
        cut = corner[0] + piece.shape[0] > painting.shape[0] or corner[1] + piece.shape[1] > painting.shape[1]
        self._say(tr("Some of the copied codes lie beyond the edge and were left out.") if cut else "")
        self._edit(tr("Paste codes"), pasted(painting, piece, corner))

    @Slot()
    def clear(self) -> None:
        """Take back everything that is painted on this picture."""
        if (painting := self._painting()) is not None:
            self._edit(tr("Clear the painting"), unpainted(painting.shape))

    def _restore_region(self) -> None:
        """Take back what is painted in the region, or under the cursor."""
        if (painting := self._painting()) is not None:
            region = self._region or (*self._squares.cursor_cell(), 1, 1)
            self._edit(tr("Restore codes"), painted(painting, masked(region, painting.shape), OPEN))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.matches(QKeySequence.StandardKey.Copy):
            self.copy()
        elif event.matches(QKeySequence.StandardKey.Paste):
            self.paste()
        elif event.key() in (Qt.Key.Key_Delete, Qt.Key.Key_Backspace):
            self._restore_region()
        elif event.key() == Qt.Key.Key_I and not event.modifiers() and self._base is not None:
            self._pick(self._squares.cell_at_hand())
        elif not self._tools.take_key(event):
            super().keyPressEvent(event)

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._strip.refresh()
        if self._stale:
            self._look_again()

    # ---------------------------------------------------------------------------------------------- files

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        files = [Path(url.toLocalFile()) for url in event.mimeData().urls() if url.isLocalFile()]
        if files and all(is_sheet_file(file) for file in files):
            event.acceptProposedAction()
        else:
            event.ignore()  # the window knows what to do with it

    def dropEvent(self, event: QDropEvent) -> None:
        for url in event.mimeData().urls():
            self.open_file(Path(url.toLocalFile()))
        event.acceptProposedAction()

    @Slot()
    def ask_for_file(self) -> None:
        kinds = " ".join(f"*{suffix}" for suffix in (*PICTURES, CODE_SUFFIX))
        dialog = QFileDialog(self, tr("Open a picture or codes"), "", tr("Pictures and codes ({kinds})", kinds=kinds))
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.fileSelected.connect(self.open_file)
        dialog.open()

    @Slot(str)
    def open_file(self, file: str | Path) -> None:
        """A picture, codes that were saved, or a saved picture that carries its codes; else a sentence says why not."""
        file = Path(file)
        info = self._info
        if info is None:
            self._say(tr("Open a model with codes first."))
            return
        try:
            sheets, note = sheets_in(file, info, self._lasting_snapshot())
        except (CodeFileError, PictureFileError) as error:
            self._say(str(error))
            return
        for sheet in sheets:
            self._strip.add(sheet)
        self._say(note)

    @Slot()
    def ask_and_save(self) -> None:
        if self._base is None:
            self._say(tr("There are no codes to save yet; choose a picture first."))
            return
        dialog = QFileDialog(self, tr("Save the codes"), f"picture{CODE_SUFFIX}", tr("Codes (*.codes.json)"))
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        dialog.fileSelected.connect(self.save_codes)
        dialog.open()

    @Slot(str)
    def save_codes(self, file: str) -> None:
        """Write the codes in view as a file."""
        kept = self._code_file()
        if kept is None:
            return
        path = Path(file)
        if not path.name.endswith(CODE_SUFFIX):
            path = path.with_name(path.name.removesuffix(".json").removesuffix(".codes") + CODE_SUFFIX)
        if self._snapshot == engine.LIVE:
            self.desk.post(engine.KeepWeights(self.desk.state().live_run, self._step))
        try:
            engine.write_code_file(kept, path)
        except CodeFileError as error:
            self._say(str(error))
            return
        self._say(tr("Saved {name}.", name=path.name))

    def _lasting_snapshot(self) -> str:
        """The snapshot in view by a name that lasts."""
        if self._snapshot != engine.LIVE:
            return self._snapshot
        return engine.run_snapshot(self.desk.state().live_run, self._step)

    def _code_file(self) -> CodeFile | None:
        codes, info = self.shown_codes(), self._info
        if codes is None or info is None or info.codes is None:
            return None
        return CodeFile(codes[None], info.codes.book, self._lasting_snapshot(), info.title, info.family, self._step)

    def save_picture(self) -> tuple[QImage, dict[str, str]] | None:
        """The decode at its own size; its metadata carry the codes."""
        kept = self._code_file()
        if kept is None or self._decoded is None:
            return None
        return to_qimage(self._decoded), codes_facts(self._snapshot, self._step, engine.code_file_text(kept))

    def remember(self) -> Mapping[str, Any]:
        """The codes in view, where something is painted on them."""
        kept = self._code_file()
        if kept is None or self._sheet is None or not self._sheet.is_painted():
            return {}
        return {"codes": engine.code_file_text(kept), "title": self._sheet.title}

    def recall(self, kept: Mapping[str, Any]) -> None:
        """Bring back what `remember` gave, or the codes of a saved picture; they wait for a model that decodes them."""
        if "codes" not in kept:
            return
        try:
            found = engine.code_file_from_text(str(kept["codes"]))
        except CodeFileError as error:
            self._say(str(error))
            return
        self._strip.add(Sheet(str(kept.get("title", "")) or found.title, None, found))

    # ---------------------------------------------------------------------------------------------- keys of the window

    def present(self, on: bool) -> None:
        """On a projector only the three squares."""
        self._presenting = on
        for widget in (self._top, self._strip, self._tools, self._palette):
            widget.setVisible(not on)
        self._say(self._note.text())
        self._squares.let_grow(on)

    def reset_view(self) -> None:
        """Numbers over the codes, the decode beside them, no region."""
        self._tools.reset()
        self._choose_region(None)


def _info_of(state: State, snapshot: str) -> SnapshotInfo | None:
    """What is known of a snapshot; what is known of another step of its model says as much here."""
    known = state.snapshots.get(snapshot)
    if known is not None:
        return known
    model = explored_model(state, snapshot)
    return next((info for each, info in state.snapshots.items() if explored_model(state, each) == model), None)


def _misfit(sheet: Sheet, info: SnapshotInfo | None) -> str:
    """Why a model does not take a picture; nothing where there is no model yet."""
    if info is None or info.codes is None:
        return ""
    if sheet.kept is not None:
        try:
            engine.check_codes(sheet.kept, info.codes, info.title)
        except CodeFileError as error:
            return str(error)
    given = " x ".join(map(str, sheet.pixels.shape)) if sheet.pixels is not None else ""
    wanted = " x ".join(map(str, info.shape))
    return tr("{picture} is {given}, {model} takes {wanted} (height, width, channels); open it anew from its file.",
              picture=sheet.title, given=given, model=info.title, wanted=wanted)  # fmt: skip
