"""What arguments of many losses mean: written once, and shown in the docstring of each loss that has them."""

from __future__ import annotations

__all__ = ["SHARED_ARGUMENTS"]

SHARED_ARGUMENTS = {
    "y_true": "labels, of the shape of y_pred. A last axis of size 1 may be\n        missing on either side.",
    "y_pred": "predictions, (batch, ..., features).",
    "from_logits": "True takes predictions as logits, any real numbers, of which\n"
    "        the loss takes the sigmoid or softmax itself; that is more exact. False\n"
    "        expects probabilities.",
    "label_smoothing": "s in [0, 1] moves labels to y (1 - s) + s / n, where n is\n"
    "        the number of classes, 2 for labels 0 or 1: the model is not driven to\n"
    "        certainty.",
    "ignore_class": "label of places to leave out: their loss is 0, and a mean is\n"
    "        taken over the others. None leaves out none.",
    "axis": "axis of the classes, by default the last.",
    "reduction": "what becomes of the values: 'sum_over_batch_size' or 'mean',\n"
    "        their mean, after each is multiplied by its weight; 'sum', their sum;\n"
    "        'mean_with_sample_weight', the sum over the sum of the weights; 'none'\n"
    "        or None, all values as they are.",
    "name": "by which messages and configs call the loss.",
    "dtype": "dtype of the computation, to which labels and predictions are cast: a\n"
    "        name or a DTypePolicy. None is floatx, at first 'float32'.",
}
