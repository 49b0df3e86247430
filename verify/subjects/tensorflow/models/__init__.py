"""A model's convolutions as words: its layers read from Keras, from TensorFlow Lite and from a SavedModel."""
