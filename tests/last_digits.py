"""Answers whose one row, of small size and large terms, misses its bound by so much, and whether they are proved.

900 - 25 x 36 may miss 0 by a digit, which is much of a row whose size is 2e-8; a hundred digits are a breach.
"""

import numpy as np
from scipy.sparse import csc_array

from chainnet.engine import LinearProgram

PROGRAM = LinearProgram(
    csc_array(np.array([[1.0, -25.0]])),
    row_lower=np.zeros(1),
    row_upper=np.array([np.inf]),
    col_lower=np.zeros(2),
    col_upper=np.array([900.0, 36.0]),
    cost=np.array([0.0, -1.0]),
    row_scale=np.array([2.4e-8]),
    col_scale=np.array([2.4e-8, 2.0]),
)
MISSING = [(0.0, True), (1.1e-13, True), (1e-11, False), (1e-8, False)]
