"""What a number of each kind may be, in flags and in Python alike."""

from typing import Annotated

from flanlike import worker
from flanlike.bounds import Bounds

# A most that no machine or type gives is what nobody means.
Share = Annotated[float, Bounds(0, 1)]
PartOf = Annotated[float, Bounds(0, 1, below=True)]  # where all of it would leave nothing
Count = Annotated[int, Bounds(1, 10**12)]  # of rows
Sample = Annotated[int, Bounds(1, 1_000_000)]  # rows of one template
SampleOrNone = Annotated[int, Bounds(0, 1_000_000)]
Temperature = Annotated[float, Bounds(0.1, 1000)]  # rates to the power of 10 are numbers still
Shots = Annotated[int, Bounds(0, 64)]  # each is a row that is read and rendered
Templates = Annotated[int, Bounds(1, 1000)]  # of a task and kind
Rows = Annotated[int, Bounds(1, 1 << 20)]  # of a batch; memory bounds them further
Tokens = Annotated[int, Bounds(2, 1 << 17)]  # a token and its EOS are 2
NewTokens = Annotated[int, Bounds(1, 1 << 17)]
BatchTokens = Annotated[int, Bounds(1, 1 << 24)]
Steps = Annotated[int, Bounds(0, 2**31 - 1)]  # counted in 32 bits
StepsOrNone = Annotated[int, Bounds(0, 2**31 - 1)]
Seed = Annotated[int, Bounds(0, 2**32 - 1, why="random keys are made from 32 bits")]
LearningRate = Annotated[float, Bounds(0, 10, above=True)]  # of a step that any model survives
Devices = Annotated[int, Bounds(1, 1 << 20)]
Workers = Annotated[int, Bounds(0, worker.MOST, why=worker.WHY_MOST)]
Pieces = Annotated[int, Bounds(300, 1 << 20)]  # bytes, controls and digits alone are 300
