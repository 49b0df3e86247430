"""Models of Keras with one convolution or a few, for tests that read them."""

from __future__ import annotations

from typing import Any

from verify.subjects.tensorflow.imported import keras

layers = keras.layers


def block() -> Any:
    """A residual block: padding, convolution, normalisation, dropout, addition, activation."""
    given = keras.Input((6, 8, 4))
    value = layers.ZeroPadding2D(((0, 1), (2, 3)), name="pad")(given)
    value = layers.Conv2D(4, (2, 6), use_bias=False, name="conv")(value)
    value = layers.BatchNormalization(name="norm")(value)
    value = layers.Dropout(0.5, name="drop")(value)
    value = layers.Add(name="add")([given, value])
    return keras.Model(given, layers.LeakyReLU(0.1, name="leaky")(value), name="block")


def projected() -> Any:
    """A block whose shortcut is a convolution, too."""
    given = keras.Input((6, 6, 4))
    short = layers.Conv2D(8, 1, name="short")(given)
    value = layers.Conv2D(8, 3, padding="same", name="long")(given)
    return keras.Model(given, keras.ops.relu(value + short), name="projected")


def sequence(*stack: Any, size: tuple[int | None, ...] = (6, 6, 4)) -> Any:
    """A stack of layers on an input of a size."""
    return keras.Sequential([keras.Input(size), *stack])


def nested() -> Any:
    """A model inside another, defined for images of any size, with a layer that is called twice."""
    inner = sequence(layers.Conv2D(4, 3, name="conv"), size=(None, None, 4))
    shared, given = layers.Conv2D(4, 1, name="shared"), keras.Input((9, 9, 4))
    inner.name = "inner"
    return keras.Model(given, shared(inner(shared(given))))


class Scaled(layers.Conv2D):  # type: ignore[misc]
    """A layer that computes more than the one that it is made from."""

    def call(self, inputs: Any) -> Any:
        return 2 * super().call(inputs)


class Around(layers.Layer):  # type: ignore[misc]
    """A layer that calls another."""

    def __init__(self) -> None:
        super().__init__(name="around")
        self.inner = layers.Conv2D(2, 1, name="inner")

    def call(self, inputs: Any) -> Any:
        return self.inner(inputs)


def unread() -> Any:
    """Convolutions of which nothing but a run shows what they compute."""
    recurrent = layers.ConvLSTM2D(2, 1, name="recurrent", return_sequences=True)
    timed = layers.TimeDistributed(layers.Conv2D(2, 1, name="each"), name="timed")
    return sequence(recurrent, timed, size=(2, 6, 6, 4))


def opened() -> Any:
    """A model for images of any size."""
    return sequence(layers.Conv2D(2, 3, name="conv"), size=(None, None, 3))


def dense() -> Any:
    """A model without a convolution."""
    return sequence(layers.Dense(2), size=(3,))


def number() -> int:
    """No model."""
    return 3
