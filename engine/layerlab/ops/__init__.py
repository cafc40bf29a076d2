"""Operations on tensors, under the names of `keras.ops`; each written once for every back end."""
