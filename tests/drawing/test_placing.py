"""In what order sites stand in their columns, by hand."""

from __future__ import annotations

import numpy as np
from conftest import frame

from chainnet.drawing.placing import place


def test_sites_move_beside_their_users_and_users_keep_their_order() -> None:
    """Each mine sells across to the other's side: the mines change places, the users do not."""
    nodes = frame("stage step", *[("mine", "mining")] * 2, *[("end_use", "using")] * 2).assign(is_project=False)
    tail, head = np.array([0, 1]), np.array([3, 2])
    mines, users = place(nodes, tail, head, np.array([5.0, 4.0]), np.arange(4))
    assert (mines.members, users.members) == ([1, 0], [2, 3])


def test_a_site_stands_by_the_mean_of_its_neighbours_and_not_by_how_much_it_ships() -> None:
    """The second mine sells 30 and 10 t/yr to the upper users, the first 1 t/yr to the last: the second moves up."""
    nodes = frame("stage step", *[("mine", "mining")] * 2, *[("end_use", "using")] * 3).assign(is_project=False)
    tail, head = np.array([1, 1, 0]), np.array([2, 3, 4])
    mines, _ = place(nodes, tail, head, np.array([30.0, 10.0, 1.0]), np.arange(5))
    assert mines.members == [1, 0]
