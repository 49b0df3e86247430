"""The line on how much of the bound of each declared arithmetic was used."""

from verify.reports.arithmetic import arithmetic_lines
from verify.reports.tally import Tally


def test_largest_error_of_each_arithmetic_is_told():
    first = Tally(subject="mine:conv", name="values", title="values", errors={"fft": 0.25, "tfloat32": 0.5})
    second = Tally(subject="mine:conv", name="rounding", title="rounding", errors={"fft": 0.75})
    said = "mine:conv used, where the dtype itself sums, at most 0.75 by fft, 0.5 by tfloat32 of it"
    assert arithmetic_lines([first, second]) == [("bound", said)]


def test_products_are_told_by_no_line():
    assert arithmetic_lines([Tally(subject="mine:conv", name="values", title="values", error=0.5)]) == []


def test_tally_of_another_process_keeps_its_errors():
    tally = Tally(subject="mine:conv", name="values", title="values", errors={"winograd(4, 3)": 0.125})
    assert Tally.from_json(tally.to_json()).errors == {"winograd(4, 3)": 0.125}
