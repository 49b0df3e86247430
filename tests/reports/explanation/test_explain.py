"""Tests of the explanation: its numbers are the answer's, its arithmetic holds, it fits 80 columns."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Sequence

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from hypothesis.strategies import DrawFn

from strategies import cases
from verify import Case, reference
from verify.cases.epilogue import AROUND
from verify.cases.exactness import promises_exactness
from verify.cases.operations import OPERATIONS
from verify.reports.explanation.explain import Line, explain, parse_index
from verify.reports.explanation.lines import coloured, plain

EXACT = ("ones", "iota", "coded", "impulse", "ints", "dyadic")
WHOLE = ("border", "bias", "residual", "relu", "relu6")
ROUNDED = tuple(step for step in AROUND if step not in WHOLE)
LECTURE = "conv_i7x7_c3_k3x3_f2_s2x2_valid_bias_cs231n"
LECTURE_ANSWERS = np.array([[6, 4, 3, 13, 7, 4, 10, 9, 5], [-1, -3, 1, 0, 6, 2, 1, -3, 12]])
EXTREMES = (
    "conv_i1300000_k2_s999999999_d1299999_same",
    "conv_i1_k9999_s999999999_d9999_same",
    "conv_i1x1_k1x1_s999999999x999999999_d999999999x999999999_same",
    "conv_i40x9_k40x9_c9_f3_valid_i32_bias_relu_dyadic8",
    "conv_i9x40x2_k4x40x2_c9_same_i32_cf_dyadic9",
    "conv_i5_k5_p1234567.1234567_f64_reals3",
    "conv_n2_i5x5x5_c16_k3x3x3_f16_s4x4x4_d2x2x2_g4_p10.11x10.11x10.11_bf16_cf_bias_relu_reals65535",
    "transpose_i1300000_k1299999_valid_ones",
    "transpose_i9999_k9_f9_s99_d999_p999999.999999_f64_reals2",
    "transpose_i9x40x9_c2_k4x40x9_f90_g2_same_i32_cf_residual_relu6_dyadic9",
    "separable_i40x9_c99_k40x9_f3_m9_same_f64_norm_residual_tanh_reals7",
    "depthwise_i9x9_c9_k9x9_m9_z9.9x999.999_p12.123x12.123_f64_norm_residual_leaky0.123456_reals7",
    "filtergrad_n9_i40x40x40_c9_k3x3x3_f3_g3_same_i32_cf_dyadic9",
    "filtergrad_n999_i99_k9_f9_valid_bias_reals4",
)

LECTURE_FIRST = """\
conv_i7x7_c3_k3x3_f2_s2x2_valid_bias_cs231n
answer   shape (1, 3, 3, 2), NHWC
cell     (0, 0, 0, 0): batch 0, row 0, column 0, filter 0

axis 0   row: size 7, kernel 3, stride 2, dilation 1, padding VALID
         span = (3-1)*1 + 1 = 3
         out = (7-3)//2 + 1 = 3
         first = 0*2 - 0 = 0
         window 0 reads cells 0 1 2
axis 1   column: size 7, kernel 3, stride 2, dilation 1, padding VALID
         span = (3-1)*1 + 1 = 3
         out = (7-3)//2 + 1 = 3
         first = 0*2 - 0 = 0
         window 0 reads cells 0 1 2

channel 0: window × filter = products, summing to 3
  0 0 0      0  0  1      0  0  0
  0 0 1  ×  -1  1  1  =   0  0  1
  0 2 1      0  1  0      0  2  0
channel 1: window × filter = products, summing to 1
  0 0 0      1  1  1      0  0  0
  0 1 0  ×   0  1  1  =   0  1  0
  0 0 2      0  1  0      0  0  0
channel 2: window × filter = products, summing to 1
  0 0 0     -1  0  0      0  0  0
  0 2 1  ×  -1  1  1  =   0  2  1
  0 2 2      0 -1  0      0 -2  0

sum      3 + 1 + 1 = 5
bias     5 + 1 = 6
answer   6
"""

LECTURE_LAST = """\
conv_i7x7_c3_k3x3_f2_s2x2_valid_bias_cs231n
answer   shape (1, 3, 3, 2), NHWC
cell     (0, 2, 2, 1): batch 0, row 2, column 2, filter 1

axis 0   row: size 7, kernel 3, stride 2, dilation 1, padding VALID
         span = (3-1)*1 + 1 = 3
         out = (7-3)//2 + 1 = 3
         first = 2*2 - 0 = 4
         window 2 reads cells 4 5 6
axis 1   column: size 7, kernel 3, stride 2, dilation 1, padding VALID
         span = (3-1)*1 + 1 = 3
         out = (7-3)//2 + 1 = 3
         first = 2*2 - 0 = 4
         window 2 reads cells 4 5 6

channel 0: window × filter = products, summing to 4
  0 0 0      0  0  0     0 0 0
  2 2 0  ×   1  1 -1  =  2 2 0
  0 0 0     -1  1  1     0 0 0
channel 1: window × filter = products, summing to 6
  2 2 0      0  1 -1     0 2 0
  2 2 0  ×   1  1 -1  =  2 2 0
  0 0 0     -1  1 -1     0 0 0
channel 2: window × filter = products, summing to 2
  2 0 0      1  1  0     2 0 0
  0 0 0  ×  -1 -1  0  =  0 0 0
  0 0 0      0 -1  1     0 0 0

sum      4 + 6 + 2 = 12
bias     12 + 0 = 12
answer   12
"""

SAME = """\
conv_i4x5_c2_k3x2_f2_s2x1_same_cf_bias_relu_ints19
answer   shape (1, 2, 2, 5), NCHW
cell     (0, 1, 1, 4): batch 0, row 1, column 4, filter 1

axis 0   row: size 4, kernel 3, stride 2, dilation 1, padding SAME
         out = ceil(4/2) = 2
         total = max((2-1)*2 + (3-1)*1 + 1 - 4, 0) = 1
         before = 1//2 = 0, after = 1-0 = 1
         first = 1*2 - 0 = 2
         window 1 reads cells 2 3 ·
axis 1   column: size 5, kernel 2, stride 1, dilation 1, padding SAME
         out = ceil(5/1) = 5
         total = max((5-1)*1 + (2-1)*1 + 1 - 5, 0) = 1
         before = 1//2 = 0, after = 1-0 = 1
         first = 4*1 - 0 = 4
         window 4 reads cells 4 ·
         · is a cell of padding and counts as 0

channel 0: window × filter = products, summing to -22
   7  ·     -4 -4     -28   0
   3  ·  ×   2 -7  =    6   0
   ·  ·      7  1       0   0
channel 1: window × filter = products, summing to 51
   1  ·      3  8       3   0
  -6  ·  ×  -8 -9  =   48   0
   ·  ·      7 -1       0   0

sum      -22 + 51 = 29
bias     29 + 6 = 35
relu     max(35, 0) = 35
answer   35
"""

GROUPED = """\
conv_n2_i6_c4_k3_f2_d2_g2_p1.2_f16_reals19
answer   shape (2, 5, 2), NWC
cell     (1, 3, 1): batch 1, position 3, filter 1
group    1 (2 in all): filter 1 reads channels 2 to 3

axis 0   position: size 6, kernel 3, stride 1, dilation 2, padding (1, 2)
         padded = 1 + 6 + 2 = 9, span = (3-1)*2 + 1 = 5
         out = (9-5)//1 + 1 = 5
         first = 3*1 - 1 = 2
         window 3 reads cells 2 4 ·
         · is a cell of padding and counts as 0

channel 2: window × filter = products, summing to 0.002914
  -0.0064 -0.3206       · × -0.1152 -0.0068 -0.0067 = 7.3e-04  0.0022       0
channel 3: window × filter = products, summing to 0.353884
  -0.1438  0.2109       · × -2.1836  0.1891 -1.5967 =  0.3140  0.0399       0

sum      0.002914 + 0.353884 = 0.356797
answer   0.3567974157631397, which float16 holds as 0.3567
"""

ELIDED = """\
conv_i2x4x2_c5_k2x9x2_same_i32_dyadic2
answer   shape (1, 2, 4, 2, 1), NDHWC
cell     (0, 0, 0, 0, 0): batch 0, depth 0, row 0, column 0, filter 0

axis 0   depth: size 2, kernel 2, stride 1, dilation 1, padding SAME
         out = ceil(2/1) = 2
         total = max((2-1)*1 + (2-1)*1 + 1 - 2, 0) = 1
         before = 1//2 = 0, after = 1-0 = 1
         first = 0*1 - 0 = 0
         window 0 reads cells 0 1
axis 1   row: size 4, kernel 9, stride 1, dilation 1, padding SAME
         out = ceil(4/1) = 4
         total = max((4-1)*1 + (9-1)*1 + 1 - 4, 0) = 8
         before = 8//2 = 4, after = 8-4 = 4
         first = 0*1 - 4 = -4
         window 0 reads cells · · · · 0 1 2 3 ·
axis 2   column: size 2, kernel 2, stride 1, dilation 1, padding SAME
         out = ceil(2/1) = 2
         total = max((2-1)*1 + (2-1)*1 + 1 - 2, 0) = 1
         before = 1//2 = 0, after = 1-0 = 1
         first = 0*1 - 0 = 0
         window 0 reads cells 0 1
         · is a cell of padding and counts as 0

channel 0: window × filter = products, summing to 6833937666
  depth tap 0, on cell 0
            ·           ·     -1  2               0           0
            ·           ·     -1  1               0           0
            ·           ·     -1  1               0           0
            ·           ·  ×   1  1  =            0           0
   1227746397  -950482881     -1  2     -1227746397 -1900965762
   -297006203 -1215182359     -2 -1       594012406  1215182359
    867394677 -1822691537     -2 -1     -1734789354  1822691537
  depth tap 1, on cell 1
            ·           ·      2 -1               0           0
            ·           ·      1 -1               0           0
            ·           ·      2  2               0           0
            ·           ·  ×  -1 -2  =            0           0
  -1808415849  -542955635     -1 -1      1808415849   542955635
    972233083  -462818659      1 -2       972233083   925637318
   1575470283 -1815810013      2 -1      3150940566  1815810013
  … 8 more products, summing to -1150439587
channel 1: window × filter = products, summing to 12080699876
  depth tap 0, on cell 0
            ·           ·      1  2               0           0
            ·           ·      2  2               0           0
            ·           ·      2  2               0           0
            ·           ·  ×  -2  2  =            0           0
    -49109917    18407043     -1 -1        49109917   -18407043
    318169277    -5785047     -2 -2      -636338554    11570094
   -285022267 -1691009665      2 -2      -570044534  3382019330
  depth tap 1, on cell 1
            ·           ·      2  2               0           0
            ·           ·      1  1               0           0
            ·           ·      2 -2               0           0
            ·           ·  ×   2  2  =            0           0
    644242745 -1866562351      1 -2       644242745  3733124702
  -1148412413  -319158299     -2  2      2296824826  -638316598
   1947182321  1988891845     -2  2     -3894364642  3977783690
  … 8 more products, summing to 3743495943
channel 2: window × filter = products, summing to 1287963822
  depth tap 0, on cell 0
            ·           ·      2 -1               0           0
            ·           ·     -2  1               0           0
            ·           ·      2 -1               0           0
            ·           ·  ×  -1 -2  =            0           0
  -1042339771   502410907      1  1     -1042339771   502410907
   -443698409  2063127509     -2  2       887396818  4126255018
   -477342701 -1430793963     -2 -2       954685402  2861587926
  depth tap 1, on cell 1
            ·           ·      1  2               0           0
            ·           ·      1 -1               0           0
            ·           ·     -2  2               0           0
            ·           ·  ×   2 -2  =            0           0
  -1008576811   827783275      2 -1     -2017153622  -827783275
   1744359239  1954731673     -1 -2     -1744359239 -3909463346
    265496361  -283939379      2  2       530992722  -567878758
  … 8 more products, summing to 1533613040
… 2 more channels, summing to 4128313450

sum      6833937666 + 12080699876 + 1287963822 + 4128313450 = 24330914814
int32    24330914814 - 6*2**32 = -1438888962
answer   -1438888962
"""


DEPTHWISE = """\
depthwise_i4x5_c2_k2x3_m2_s2x2_z0.1x0.0_same_bias_relu6_ints3
answer   shape (1, 3, 3, 4), NHWC
cell     (0, 1, 0, 3): batch 0, row 1, column 0, channel 3
channel  1*2 + 1 = 3: channel 1 of the input with its filter 1

axis 0   row: size 4, kernel 2, stride 2, dilation 1
         border 0 before, 1 after, then SAME: 0 before, 1 after
         bordered = 0 + 4 + 1 = 5
         out = ceil(5/2) = 3
         total = max((3-1)*2 + (2-1)*1 + 1 - 5, 0) = 1
         before = 1//2 = 0, after = 1-0 = 1
         first = 1*2 - 0 - 0 = 2
         window 1 reads cells 2 3
axis 1   column: size 5, kernel 3, stride 2, dilation 1, padding SAME
         out = ceil(5/2) = 3
         total = max((3-1)*2 + (3-1)*1 + 1 - 5, 0) = 2
         before = 2//2 = 1, after = 2-1 = 1
         first = 0*2 - 1 = -1
         window 0 reads cells · 0 1
         · is a cell of border or padding and counts as 0

channel 1, its filter 1: window × filter = products, summing to 24
   · -9  1  ×  -5 -3 -3  =   0 27 -3
   ·  0  0      5  0  1      0  0  0

sum      24
bias     24 + 1 = 25
relu6    min(max(25, 0), 6) = 6
answer   6
"""

SEPARABLE = """\
separable_i4_c5_k2_f2_m2_valid_bias_leaky0.2_ints1
answer   shape (1, 3, 2), NWC
cell     (0, 1, 1): batch 0, position 1, filter 1
adds     5*2 = 10 depthwise sums, each times its weight in pointwise filter 1

axis 0   position: size 4, kernel 2, stride 1, dilation 1, padding VALID
         span = (2-1)*1 + 1 = 2
         out = (4-2)//1 + 1 = 3
         first = 1*1 - 0 = 1
         window 1 reads cells 1 2

channel 0, its filter 0: window × filter = products, summing to 9
  -1 -1  ×   0 -9  =   0  9
channel 0, its filter 1: window × filter = products, summing to 8
  -1 -1  ×   1 -9  =  -1  9
channel 1, its filter 0: window × filter = products, summing to 65
   8  1  ×   8  1  =  64  1
… 7 more sums, used below
pointwise: sums × filter 1 = products, summing to 487
    9   8  65 -32 -13 -11 … × -5 -1  7  0 -1  5 … = -45  -8 455   0  13 -55 …
  … 4 more products, summing to 127

sum      -45 - 8 + 455 + 0 + 13 - 55 + 72 + 55 = 487
bias     487 - 5 = 482
leaky    482 is above 0 and stays
answer   482
"""

TRANSPOSE = """\
transpose_i5x6_c4_k3x3_f8_s2x2_g2_same_residual_relu_ints2
answer   shape (1, 5, 6, 4), NHWC
cell     (0, 1, 3, 3): batch 0, row 1, column 3, channel 3
group    1 (2 in all): channel 3 was read by filters 4 to 7
adds     cotangent * filter of each window of the forward convolution that reads
         this cell, at the tap that lies on it

axis 0   row: size 5, kernel 3, stride 2, dilation 1, padding SAME
         out = ceil(5/2) = 3
         total = max((3-1)*2 + (3-1)*1 + 1 - 5, 0) = 2
         before = 2//2 = 1, after = 2-1 = 1
         cell 1 is read where window*2 + tap*1 - 1 is 1:
         window 0 at tap 2: 0*2 + 2*1 - 1 = 1
         window 1 at tap 0: 1*2 + 0*1 - 1 = 1
axis 1   column: size 6, kernel 3, stride 2, dilation 1, padding SAME
         out = ceil(6/2) = 3
         total = max((3-1)*2 + (3-1)*1 + 1 - 6, 0) = 1
         before = 1//2 = 0, after = 1-0 = 1
         cell 3 is read where window*2 + tap*1 - 0 is 3:
         window 1 at tap 1: 1*2 + 1*1 - 0 = 3

filter 4: cotangent × filter = products, summing to -3
  -2  ×   6  =  -12
   3      3       9
filter 5: cotangent × filter = products, summing to 60
   6  ×   5  =   30
  -6     -5      30
filter 6: cotangent × filter = products, summing to -87
   5  ×  -9  =  -45
  -7      6     -42
… 1 more filter, summing to -37

sum      -3 + 60 - 87 - 37 = -67
residual -67 - 2 = -69
relu     max(-69, 0) = 0
answer   0
"""

UNREAD = """\
transpose_i7_k2_f2_s3_valid_bias_ints2
answer   shape (1, 7, 1), NWC
cell     (0, 2, 0): batch 0, position 2, channel 0
adds     cotangent * filter of each window of the forward convolution that reads
         this cell, at the tap that lies on it

axis 0   position: size 7, kernel 2, stride 3, dilation 1, padding VALID
         span = (2-1)*1 + 1 = 2
         out = (7-2)//3 + 1 = 2
         no window reads cell 2: window*3 + tap*1 - 0 is never 2 for windows
         below 2 and taps below 2

no window reads this cell: nothing is added

sum      0
bias     0 + 8 = 8
answer   8
"""

FILTERS = """\
filtergrad_n5_i5x5_c4_k3x3_f2_s2x2_g2_same_cf_ints3
answer   shape (3, 3, 2, 2): row, column, channel, filter
cell     (2, 1, 1, 1): tap at row 2, column 1, channel 1, filter 1
group    1 (2 in all): its channel 1 is channel 3 of the input
adds     input * cotangent of each window and batch, at the cell under the tap

axis 0   row: size 5, kernel 3, stride 2, dilation 1, padding SAME
         out = ceil(5/2) = 3
         total = max((3-1)*2 + (3-1)*1 + 1 - 5, 0) = 2
         before = 2//2 = 1, after = 2-1 = 1
         first = 0*2 + 2*1 - 1 = 1
         tap 2 lies on cells 1 3 ·
axis 1   column: size 5, kernel 3, stride 2, dilation 1, padding SAME
         out = ceil(5/2) = 3
         total = max((3-1)*2 + (3-1)*1 + 1 - 5, 0) = 2
         before = 2//2 = 1, after = 2-1 = 1
         first = 0*2 + 1*1 - 1 = 0
         tap 1 lies on cells 0 2 4
         · is a cell of padding and counts as 0

batch 0: input × cotangent = products, summing to -5
   1  0 -1      7 -5 -9       7   0   9
   0  3  3  ×  -3 -4 -3  =    0 -12  -9
   ·  ·  ·     -8  5  4       0   0   0
batch 1: input × cotangent = products, summing to 131
   0  7 -9      0  3  1       0  21  -9
   1  6 -9  ×   8  5 -9  =    8  30  81
   ·  ·  ·      3  4  4       0   0   0
batch 2: input × cotangent = products, summing to 17
   6  9  2     -9 -6  9     -54 -54  18
  -8 -5  7  ×  -8  4  9  =   64 -20  63
   ·  ·  ·     -7 -2 -3       0   0   0
… 2 more batches, summing to 5

sum      -5 + 131 + 17 + 5 = 148
answer   148
"""

BIASES = """\
filtergrad_n5_i4_k2_f2_valid_bias_ints1
answer   shape (2,): a number for each filter
cell     (1,): filter 1
adds     the cotangent of each window and batch: the gradient of the bias

axis 0   position: size 4, kernel 2, stride 1, dilation 1, padding VALID
         span = (2-1)*1 + 1 = 2
         out = (4-2)//1 + 1 = 3

batch 0: cotangent, summing to -6
   1 -4 -3
batch 1: cotangent, summing to -4
   5  0 -9
batch 2: cotangent, summing to 1
   0 -1  2
… 2 more batches, summing to -12

sum      -6 - 4 + 1 - 12 = -21
answer   -21
"""

VOLUME = """\
transpose_i4x2x3_k2x1x2_f2_same_cf_ints1
answer   shape (1, 1, 4, 2, 3), NCDHW
cell     (0, 0, 2, 1, 1): batch 0, depth 2, row 1, column 1, channel 0
adds     cotangent * filter of each window of the forward convolution that reads
         this cell, at the tap that lies on it

axis 0   depth: size 4, kernel 2, stride 1, dilation 1, padding SAME
         out = ceil(4/1) = 4
         total = max((4-1)*1 + (2-1)*1 + 1 - 4, 0) = 1
         before = 1//2 = 0, after = 1-0 = 1
         cell 2 is read where window*1 + tap*1 - 0 is 2:
         window 1 at tap 1: 1*1 + 1*1 - 0 = 2
         window 2 at tap 0: 2*1 + 0*1 - 0 = 2
axis 1   row: size 2, kernel 1, stride 1, dilation 1, padding SAME
         out = ceil(2/1) = 2
         total = max((2-1)*1 + (1-1)*1 + 1 - 2, 0) = 0
         before = 0//2 = 0, after = 0-0 = 0
         cell 1 is read where window*1 + tap*1 - 0 is 1:
         window 1 at tap 0: 1*1 + 0*1 - 0 = 1
axis 2   column: size 3, kernel 2, stride 1, dilation 1, padding SAME
         out = ceil(3/1) = 3
         total = max((3-1)*1 + (2-1)*1 + 1 - 3, 0) = 1
         before = 1//2 = 0, after = 1-0 = 1
         cell 1 is read where window*1 + tap*1 - 0 is 1:
         window 0 at tap 1: 0*1 + 1*1 - 0 = 1
         window 1 at tap 0: 1*1 + 0*1 - 0 = 1

filter 0: cotangent × filter = products, summing to 60
  depth window 1, tap 1
  -4  4  ×  -3 -2  =   12  -8
  depth window 2, tap 0
   7  4  ×   8  0  =   56   0
filter 1: cotangent × filter = products, summing to 4
  depth window 1, tap 1
   1 -3  ×   5 -3  =    5   9
  depth window 2, tap 0
   4  6  ×  -4  1  =  -16   6

sum      60 + 4 = 64
answer   64
"""

STEPS = [
    (
        "conv_i5_k3_same_norm_residual_sigmoid_reals4",
        [
            "sum      -0.372841",
            "norm     (value - mean) * scale / sqrt(variance + epsilon) + offset",
            "         (-0.372841 - 2) * -2 / sqrt(0.5 + 0.0009765625) + 0 = 6.704863",
            "residual 6.704863 + 0.241944 = 6.946806",
            "sigmoid  1 / (1 + exp(-6.946806)) = 0.999039",
            "answer   0.9990392225054727, which float32 holds as 0.99903923",
        ],
    ),
    (
        "transpose_i1_k1_f2_same_norm_tanh_ints11",
        [
            "sum      28 - 21 = 7",
            "norm     (value - mean) * scale / sqrt(variance + epsilon) + offset",
            "         (7 - 0) * -2 / sqrt(1.75 + 0.0009765625) - 1 = -11.580054",
            "tanh     tanh(-11.580054) = -1.000000",
            "answer   -0.9999999998251268, which float32 holds as -1",
        ],
    ),
    (
        "depthwise_i4_k3_same_bias_residual_leaky0.2_ints",
        [
            "sum      -58",
            "bias     -58 - 9 = -67",
            "residual -67 - 4 = -71",
            "leaky    0.2 * -71 = -14.200000",
            "answer   -14.200000000000001, which float32 holds as -14.2",
        ],
    ),
    (
        "transpose_i2_k1_same_bias_elu_reals34",
        [
            "sum      -0.532760",
            "bias     -0.532760 - 0.607435 = -1.140195",
            "elu      exp(-1.140195) - 1 = -0.680243",
            "answer   -0.6802433446651888, which float32 holds as -0.6802434",
        ],
    ),
    (
        "separable_i1_k1_same_f16_cf_residual_sigmoid_reals9",
        [
            "sum      -0.061893",
            "residual -0.061893 + 1.214844 = 1.152950",
            "sigmoid  1 / (1 + exp(-1.152950)) = 0.760049",
            "answer   0.7600493908201974, which float16 holds as 0.7603",
        ],
    ),
    (
        "conv_i1_k1_same_i32_bias_residual_relu6_dyadic3",
        [
            "sum      957267393",
            "bias     957267393 + 1352008749 = 2309276142",
            "int32    2309276142 - 1*2**32 = -1985691154",
            "residual -1985691154 - 1172410253 = -3158101407",
            "int32    -3158101407 + 1*2**32 = 1136865889",
            "relu6    min(max(1136865889, 0), 6) = 6",
            "answer   6",
        ],
    ),
]


@st.composite
def explained(draw: DrawFn, **narrowings: Sequence[str]) -> tuple[Case, tuple[int, ...]]:
    """A case with an answer, and one cell of it. Shrinks towards the first cell of the smallest case."""
    case = draw(cases(**narrowings).filter(lambda drawn: 0 not in drawn.output_shape))
    return case, draw(st.tuples(*(st.integers(0, size - 1) for size in case.output_shape)))


def text_of(word: str, at: str | None = None) -> str:
    return plain(explain(Case.parse(word), parse_index(at) if at else None))


def tail_of(word: str, at: str | None = None, *, label: str) -> list[str]:
    """The last lines, from a label on."""
    lines = text_of(word, at).splitlines()
    return lines[next(number for number, line in enumerate(lines) if line.startswith(label)) :]


def spans(lines: list[Line], style: str) -> list[str]:
    return [span.text for line in lines for span in line if span.style == style]


def answer_of(lines: list[Line]) -> float:
    """The last number, as the text has it."""
    return float(spans(lines, "result")[0].split(",")[0])


def texts_of(lines: list[Line]) -> Iterator[str]:
    """What stands beside each label or under one; below the axes, what is wrapped is put together."""
    labelled = [line for line in lines if len(line) == 2 and len(line[0].text) == 9]
    steps = next(number for number, line in enumerate(labelled) if line[0].text.startswith("sum"))
    yield from (line[1].text for line in labelled[:steps])
    for entry in re.split(r"\n(?! )", plain(labelled[steps:])):
        yield " ".join(entry[9:].split())


def formulas(lines: list[Line]) -> Iterator[tuple[str, str]]:
    """Every `expression = value` among the texts."""
    for text in texts_of(lines):
        for sentence in re.split(r", (?=[a-z]+ = )", text):
            found = re.fullmatch(r"(?:[a-z]+ = |[^:=]*: )?([^=]+) = (-?[0-9]+)([:, ].*)?", sentence)
            if found:
                yield found[1], found[2]


def evaluated(expression: str) -> int:
    return int(eval(expression, {"ceil": math.ceil, "max": max, "min": min}))


def drawn_products(lines: list[Line]) -> list[int]:
    rows = [text for text in spans(lines, "product") if text != "products"]
    return [int(number) for number in " ".join(rows).split()]


def left_out(lines: list[Line], what: str) -> tuple[int, int]:
    """How many products or blocks are not drawn, and their sum."""
    found = re.findall(rf"… ([0-9]+) more (?:{what}), summing to (.+)", plain(lines))
    return sum(int(count) for count, _ in found), sum(int(total) for _, total in found)


def sum_of(lines: list[Line]) -> int:
    """The number that the line of the sum, which may be wrapped, ends with."""
    found = re.search(r"^sum ([^a-z]+)", plain(lines), re.MULTILINE)
    return int(found[1].split()[-1]) if found else 0


def readings(case: Case, at: tuple[int, ...]) -> int:
    """Windows that read a cell of a `transpose`, counted one by one."""
    cells = at[2:] if case.channels_first else at[1:-1]
    walks = zip(case.axes, cells, strict=True)
    return math.prod(sum(cell in axis.cells(window) for window in range(axis.out)) for axis, cell in walks)


def products_of(case: Case, at: tuple[int, ...]) -> tuple[int, int]:
    """Products that make a cell: of one block, and in all."""
    if case.operation == "transpose":
        return readings(case, at), readings(case, at) * (case.filter_count // case.groups)
    block = (
        math.prod(axis.out for axis in case.axes)
        if case.operation == "filtergrad"
        else math.prod(case.kernel)
    )
    return block, case.products


def is_answer(case: Case, at: tuple[int, ...], found: float) -> bool:
    """Whether a number is the reference's: to the bit where the fill promises it, else but for rounding."""
    wanted = float(reference(case)[at])
    slack = 0.0 if promises_exactness(case) else 1e-11
    return math.isclose(found, wanted, rel_tol=slack, abs_tol=slack) or (wanted != wanted and found != found)


def drawn_window(lines: list[Line]) -> str:
    """The cells of every window that is drawn, row by row."""
    rows = [line for line in lines if line and line[0].text == " "]
    return "".join(span.text for line in rows for span in line[1:] if span.style in ("window", "padding"))


@pytest.mark.parametrize(
    ("word", "at", "text"),
    [
        (LECTURE, None, LECTURE_FIRST),
        (LECTURE, "0,2,2,1", LECTURE_LAST),
        ("conv_i4x5_c2_k3x2_f2_s2x1_same_cf_bias_relu_ints19", "0,1,1,4", SAME),
        ("conv_n2_i6_c4_k3_f2_d2_g2_p1.2_f16_reals19", "1,3,1", GROUPED),
        ("conv_i2x4x2_c5_k2x9x2_same_i32_dyadic2", None, ELIDED),
        ("depthwise_i4x5_c2_k2x3_m2_s2x2_z0.1x0.0_same_bias_relu6_ints3", "0,1,0,3", DEPTHWISE),
        ("separable_i4_c5_k2_f2_m2_valid_bias_leaky0.2_ints1", "0,1,1", SEPARABLE),
        ("transpose_i5x6_c4_k3x3_f8_s2x2_g2_same_residual_relu_ints2", "0,1,3,3", TRANSPOSE),
        ("transpose_i7_k2_f2_s3_valid_bias_ints2", "0,2,0", UNREAD),
        ("filtergrad_n5_i5x5_c4_k3x3_f2_s2x2_g2_same_cf_ints3", "2,1,1,1", FILTERS),
        ("filtergrad_n5_i4_k2_f2_valid_bias_ints1", "1", BIASES),
        ("transpose_i4x2x3_k2x1x2_f2_same_cf_ints1", "0,0,2,1,1", VOLUME),
    ],
)
def test_the_whole_text_is_pinned(word: str, at: str | None, text: str) -> None:
    assert text_of(word, at) + "\n" == text


@pytest.mark.parametrize("row", range(3))
@pytest.mark.parametrize("column", range(3))
@pytest.mark.parametrize("number", range(2))
def test_every_answer_of_the_lecture_is_reached(row: int, column: int, number: int) -> None:
    lines = explain(Case.parse(LECTURE), (0, row, column, number))
    assert answer_of(lines) == LECTURE_ANSWERS[number, 3 * row + column]


@pytest.mark.parametrize("operation", OPERATIONS)
@given(st.data())
@settings(deadline=None, max_examples=100)
def test_last_number_equals_the_reference_on_exact_fills(operation: str, data: st.DataObject) -> None:
    case, at = data.draw(explained(operations=(operation,), fills=EXACT, around=WHOLE))
    assert answer_of(explain(case, at)) == reference(case)[at]


@pytest.mark.parametrize("operation", OPERATIONS)
@given(st.data())
@settings(deadline=None, max_examples=100)
def test_last_number_is_the_reference_in_any_case(operation: str, data: st.DataObject) -> None:
    case, at = data.draw(explained(operations=(operation,)))
    assert is_answer(case, at, answer_of(explain(case, at)))


@pytest.mark.parametrize("operation", [each for each in OPERATIONS if each != "filtergrad"])
@pytest.mark.parametrize("step", ROUNDED)
@given(st.data())
@settings(deadline=None, max_examples=15)
def test_last_number_is_the_reference_after_every_step(
    step: str, operation: str, data: st.DataObject
) -> None:
    drawn = explained(operations=(operation,), around=(step,), dtypes=("f32", "f64"), ranks=(1, 2))
    case, at = data.draw(drawn)
    assert is_answer(case, at, answer_of(explain(case, at)))


@pytest.mark.parametrize("operation", OPERATIONS)
@given(st.data())
@settings(deadline=None, max_examples=50)
def test_last_number_is_the_reference_with_nan_and_infinities(operation: str, data: st.DataObject) -> None:
    case, at = data.draw(explained(operations=(operation,), fills=("nonfinite",)))
    assert is_answer(case, at, answer_of(explain(case, at)))


@given(explained(operations=("conv", "depthwise", "separable", "filtergrad"), fills=("unread",)))
@settings(deadline=None, max_examples=100)
def test_cells_that_no_window_reads_never_show(drawn: tuple[Case, tuple[int, ...]]) -> None:
    assert not re.search("nan|inf", plain(explain(*drawn)))


@pytest.mark.parametrize("operation", OPERATIONS)
@given(st.data())
@settings(deadline=None, max_examples=50)
def test_every_formula_adds_up(operation: str, data: st.DataObject) -> None:
    case, at = data.draw(explained(operations=(operation,), fills=EXACT, around=WHOLE))
    written = list(formulas(explain(case, at)))
    assert len(written) >= case.rank
    assert [evaluated(expression) for expression, _ in written] == [int(value) for _, value in written]


@given(explained(operations=("conv", "depthwise"), around=("border",), fills=("ones",)))
@settings(deadline=None, max_examples=100)
def test_every_formula_adds_up_behind_a_border(drawn: tuple[Case, tuple[int, ...]]) -> None:
    written = list(formulas(explain(*drawn)))
    assert [evaluated(expression) for expression, _ in written] == [int(value) for _, value in written]


@given(
    explained(operations=("conv", "depthwise", "transpose", "filtergrad"), fills=EXACT, around=("border",))
)
@example((Case.parse("conv_i9x40x2_k4x40x2_c9_same_i32_cf_dyadic9"), (0, 0, 0, 0, 0)))
@example((Case.parse("conv_i4x40x9_k4x8x9_c3_same_ints9"), (0, 1, 9, 3, 0)))
@example((Case.parse("transpose_i9x40x9_c2_k4x40x9_f90_g2_same_ints9"), (0, 4, 20, 4, 1)))
@example((Case.parse("filtergrad_n9_i9x40x9_c2_k2x2x2_f2_g2_same_i32_dyadic9"), (1, 0, 1, 0, 1)))
@settings(deadline=None, max_examples=200)
def test_what_is_drawn_and_what_is_left_out_make_the_sum(drawn: tuple[Case, tuple[int, ...]]) -> None:
    case, at = drawn
    lines = explain(case, at)
    products = drawn_products(lines)
    more, rest = left_out(lines, "products?")
    blocks, others = left_out(lines, "channels?|filters?|batch|batches")
    block, total = products_of(case, at)
    assert len(products) + more + blocks * block == total
    assert sum(products) + rest + others == sum_of(lines)


@given(explained(operations=("transpose",)))
@settings(deadline=None, max_examples=200)
def test_cell_that_no_window_reads_is_said_to_be_so(drawn: tuple[Case, tuple[int, ...]]) -> None:
    case, at = drawn
    assert ("\nno window reads this cell: nothing is added\n" in plain(explain(case, at))) == (
        readings(case, at) == 0
    )


@given(explained())
@settings(deadline=None, max_examples=200)
def test_no_line_is_wider_than_80_columns(drawn: tuple[Case, tuple[int, ...]]) -> None:
    assert max(map(len, plain(explain(*drawn)).splitlines())) <= 80


@pytest.mark.parametrize("word", EXTREMES)
def test_no_line_of_an_extreme_case_is_wider_than_80_columns(word: str) -> None:
    assert max(map(len, text_of(word).splitlines())) <= 80


@given(explained())
@settings(deadline=None, max_examples=100)
def test_colour_adds_escapes_and_nothing_else(drawn: tuple[Case, tuple[int, ...]]) -> None:
    lines = explain(*drawn)
    assert re.sub(r"\x1b\[[0-9;]*m", "", coloured(lines)) == plain(lines)
    assert coloured(lines) != plain(lines)


@given(explained())
@settings(deadline=None, max_examples=100)
def test_no_line_ends_with_a_space(drawn: tuple[Case, tuple[int, ...]]) -> None:
    assert not re.search(" $", plain(explain(*drawn)), re.MULTILINE)


def test_padding_is_dim_in_colour() -> None:
    text = coloured(explain(Case.parse("conv_i2_k3_same_ints3")))
    assert "reads cells\x1b[90m ·\x1b[0m\x1b[36m 0\x1b[0m\x1b[36m 1\x1b[0m\n" in text
    assert "\x1b[90m  ·\x1b[0m\x1b[36m  5\x1b[0m\x1b[36m -4\x1b[0m" in text


def test_padding_is_marked_and_a_zero_of_the_input_is_not() -> None:
    lines = explain(Case.parse("conv_i3x3_k3x3_same_impulse1"))
    assert drawn_window(lines).split() == ["·", "·", "·", "·", "0", "0", "·", "0", "0"]


def test_window_may_lie_on_padding_alone() -> None:
    text = text_of("conv_i4x4_k2x2_p3.0x0.0_bias_ints1")
    assert "window 0 reads cells · ·\n" in text
    assert text.endswith("sum      0\nbias     0 - 6 = -6\nanswer   -6")


def test_kernel_of_one_cell_is_one_product() -> None:
    assert tail_of("conv_i1_k1_same_ones", label="channel") == [
        "channel 0: window × filter = products, summing to 1",
        "  1  ×  1  =  1",
        "",
        "sum      1",
        "answer   1",
    ]


@pytest.mark.parametrize(
    ("word", "lines"),
    [
        (
            "conv_i5_k3_z1.2_same_ones",
            [
                "axis 0   position: size 5, kernel 3, stride 1, dilation 1",
                "         border 1 before, 2 after, then SAME: 1 before, 1 after",
                "         bordered = 1 + 5 + 2 = 8",
                "         out = ceil(8/1) = 8",
                "         total = max((8-1)*1 + (3-1)*1 + 1 - 8, 0) = 2",
                "         before = 2//2 = 1, after = 2-1 = 1",
                "         first = 0*1 - 1 - 1 = -2",
                "         window 0 reads cells · · 0",
                "         · is a cell of border or padding and counts as 0",
            ],
        ),
        (
            "conv_i5_k3_z0.2_p3.0_ones",
            [
                "axis 0   position: size 5, kernel 3, stride 1, dilation 1",
                "         border 0 before, 2 after, then padding: 3 before, 0 after",
                "         bordered = 0 + 5 + 2 = 7",
                "         padded = 3 + 7 + 0 = 10, span = (3-1)*1 + 1 = 3",
                "         out = (10-3)//1 + 1 = 8",
                "         first = 0*1 - 0 - 3 = -3",
                "         window 0 reads cells · · ·",
                "         · is a cell of border or padding and counts as 0",
            ],
        ),
    ],
)
def test_border_is_told_from_padding(word: str, lines: list[str]) -> None:
    assert "\n".join(lines) in text_of(word)


@pytest.mark.parametrize(
    ("word", "lines"),
    STEPS,
)
def test_steps_that_follow_are_written_in_order(word: str, lines: list[str]) -> None:
    assert tail_of(word, label="sum") == lines


def test_empty_batch_adds_nothing_to_a_gradient() -> None:
    assert text_of("filtergrad_n0_i4_k2_same_ones").endswith(
        "\n\nthe batch is empty: nothing is added\n\nsum      0\nanswer   0"
    )


def test_gradient_without_a_window_is_0() -> None:
    text = text_of("filtergrad_i0_k2_same_ones")
    assert "         no window, so no padding\n" in text
    assert "         no window fits, so tap 0 lies on no cell\n" in text
    assert text.endswith("\n\nthere is no window: nothing is added\n\nsum      0\nanswer   0")


def test_nan_is_explained_where_it_comes_up() -> None:
    text = text_of("conv_i4_k2_valid_relu6_nonfinite1")
    assert "nan is no number: what 0*inf, inf - inf and every sum with a nan give\n" in text
    assert text.endswith("sum      nan\nrelu6    min(max(nan, 0), 6) = nan\nanswer   nan")


def test_infinity_is_an_answer() -> None:
    assert text_of("conv_i4_k2_valid_relu_nonfinite2").endswith(
        "sum      inf\nrelu     max(inf, 0) = inf\nanswer   inf"
    )


def test_integers_wrap_before_relu() -> None:
    assert tail_of("conv_i1x1_c3_k1x1_same_i32_bias_relu_dyadic28", label="sum") == [
        "sum      1795506503 - 1508586022 + 2270507658 = 2557428139",
        "bias     2557428139 - 249353301 = 2308074838",
        "int32    2308074838 - 1*2**32 = -1986892458",
        "relu     max(-1986892458, 0) = 0",
        "answer   0",
    ]


@pytest.mark.parametrize(
    ("word", "answer"),
    [
        ("conv_i301_k301_valid_bf16_ones", "301, which bfloat16 holds as 300"),
        ("conv_i2049_k2049_valid_f16_ones", "2049, which float16 holds as 2048"),
        ("conv_i70000_k70000_valid_f16_ones", "70000, which float16 holds as inf"),
        ("conv_i2049_k2049_valid_ones", "2049"),
        ("conv_i1_k1_valid_reals", "-1.4137262447463357, which float32 holds as -1.4137262"),
        ("conv_i1_k1_valid_f64_reals", "-1.413726207548234"),
    ],
)
def test_answer_is_shown_as_its_dtype_holds_it_where_that_differs(word: str, answer: str) -> None:
    assert text_of(word).splitlines()[-1] == f"answer   {answer}"


@pytest.mark.parametrize(
    ("word", "at", "sentence"),
    [
        (LECTURE, (0, 1), "(0, 1) is no index of 4 numbers into the answer, whose shape is (1, 3, 3, 2)"),
        (LECTURE, (0, 3, 0, 0), "(0, 3, 0, 0) lies outside the answer, whose shape is (1, 3, 3, 2)"),
        (LECTURE, (0, 0, 0, -1), "(0, 0, 0, -1) lies outside the answer, whose shape is (1, 3, 3, 2)"),
        (
            "conv_i3_f2_k3_valid_cf_f32_ones",
            (0, 0, 1),
            "(0, 0, 1) lies outside the answer, whose shape is (1, 2, 1)",
        ),
        (
            "conv_i5_k3_s0_same_ones_illegal",
            None,
            (
                "'conv_i5_k3_s0_same_ones_illegal' has no answer: "
                "the call must be refused, as 's0' has a number below 1"
            ),
        ),
        (
            "transpose_i5_k3_same_ones_o4_illegal",
            (0, 0, 0),
            (
                "'transpose_i5_k3_same_ones_o4_illegal' has no answer: the call must be refused, "
                "as its input has o4, where the forward convolution answers 5"
            ),
        ),
        (
            "conv_n0_i3_k3_valid_ones",
            None,
            "'conv_n0_i3_k3_valid_ones' has no cell to explain: its answer has the shape (0, 1, 1)",
        ),
    ],
)
def test_case_without_that_cell_is_refused(word: str, at: tuple[int, ...] | None, sentence: str) -> None:
    with pytest.raises(ValueError, match=f"^{re.escape(sentence)}$"):
        explain(Case.parse(word), at)


@given(st.lists(st.integers(0, 999_999_999), min_size=1, max_size=5), st.sampled_from([",", "x", ", "]))
def test_index_is_read_back(numbers: list[int], joint: str) -> None:
    assert parse_index(joint.join(map(str, numbers))) == tuple(numbers)


@pytest.mark.parametrize("index", [(0, 1, 2, 0), (7,)])
def test_index_is_read_as_a_failure_prints_it(index: tuple[int, ...]) -> None:
    assert parse_index(str(index)) == index


@pytest.mark.parametrize("text", ["", "0,", "-1,0", "0;1", "a", "1.5", "0,,1", "٣", "1\n", "1234567890"])
def test_text_that_is_no_index_is_refused(text: str) -> None:
    sentence = f"{text!r} is not an index such as 0,1,2,0 (whole numbers joined by commas or x)"
    with pytest.raises(ValueError, match=f"^{re.escape(sentence)}$"):
        parse_index(text)
