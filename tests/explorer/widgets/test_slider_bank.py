"""Many sliders, some at a time."""

from __future__ import annotations

import pytest
from PySide6.QtWidgets import QLineEdit
from pytestqt.qtbot import QtBot

from explorer.widgets.slider_bank import BankItem, SliderBank


@pytest.fixture
def bank(qtbot: QtBot) -> SliderBank:
    made = SliderBank(low=-3, high=3, rows=4)
    qtbot.addWidget(made)
    made.set_items([BankItem(str(i), f"z {i}") for i in range(10)])
    return made


def test_pages_lead_through_all(bank: SliderBank) -> None:
    assert bank.page_keys() == ("0", "1", "2", "3")
    bank._on.click()
    bank._on.click()
    assert bank.page_keys() == ("8", "9")
    assert not bank._on.isEnabled()
    bank._back.click()
    assert bank.page_keys() == ("4", "5", "6", "7")


def test_numbers_name_sliders_and_words_search(bank: SliderBank) -> None:
    search = bank.findChild(QLineEdit)
    search.setText("7, 3")
    assert bank.page_keys() == ("3", "7")
    search.setText("z 9")
    assert bank.page_keys() == ("9",)
    search.setText("nothing like that")
    assert bank.page_keys() == ()


def test_the_hand_is_heard_and_the_engine_is_not(bank: SliderBank, qtbot: QtBot) -> None:
    moves: list[tuple[str, float]] = []
    bank.moved.connect(lambda key, value: moves.append((key, value)))
    bank.set_values({"1": 1.5}, frozenset({"1"}))
    bank.set_range(-1, 1)
    assert not moves
    slider = bank.slider("2")
    assert slider is not None
    slider.setValue(0.5)
    assert moves == [("2", 0.5)]


def test_what_is_in_use_comes_first_but_never_moves_under_the_hand(qtbot: QtBot) -> None:
    bank = SliderBank(low=-4, high=4, rows=4, gathers=True)
    qtbot.addWidget(bank)
    bank.set_items([BankItem(str(i), f"pca {i}") for i in range(10)])
    bank.set_values({"2": 1.0})
    assert bank.page_keys() == ("0", "1", "2", "3")
    bank.set_values({"2": 1.0, "8": 4.0})  # from elsewhere, and not in view
    assert bank.page_keys() == ("2", "8", "0", "1")
    bank._on.click()
    assert bank.page_keys() == ("3", "4", "5", "6")
    bank.set_values({"5": 1.0})
    assert bank.page_keys() == ("3", "4", "5", "6")
    bank._back.click()
    assert bank.page_keys() == ("5", "0", "1", "2")


def test_without_sliders_it_says_why(qtbot: QtBot) -> None:
    bank = SliderBank(low=-4, high=4, rows=4)
    qtbot.addWidget(bank)
    bank.set_text("None yet")
    assert bank.text() == "None yet"
    bank.set_items([BankItem("0", "z 0")])
    assert bank.text() == ""


def test_values_follow_to_other_pages(bank: SliderBank) -> None:
    bank.set_values({"5": 2.0})
    bank._on.click()
    slider = bank.slider("5")
    assert slider is not None
    assert slider.value() == 2.0


def test_only_what_may_be_removed_has_a_button_for_it(bank: SliderBank) -> None:
    removed: list[str] = []
    bank.removed.connect(removed.append)
    bank.set_items([BankItem("own", "Mine", removal="Remove this"), BankItem("other", "Other")])
    assert bank.removal("other") is None
    button = bank.removal("own")
    assert button is not None
    assert button.accessibleName() == "Remove this: Mine"
    button.click()
    assert removed == ["own"]
