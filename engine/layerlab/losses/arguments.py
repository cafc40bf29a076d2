"""What arguments of many losses mean: written once, and shown in the docstring of each loss that has them."""

from __future__ import annotations

__all__ = ["SHARED_ARGUMENTS"]

SHARED_ARGUMENTS = {
    "y_true": "labels, of the shape of y_pred. A last axis of size 1 may lack on either side.",
    "y_pred": "predictions, (batch, ..., features).",
    "from_logits": "True takes predictions as logits, any real numbers, of which the loss takes the\n"
    "        sigmoid or softmax itself; that is more exact. False expects probabilities.",
    "label_smoothing": "s in [0, 1] moves labels to y (1 - s) + s / n, where n is the number of\n"
    "        classes, 2 for labels 0 or 1: the model is not driven to certainty.",
    "ignore_class": "label of places to leave out: their loss is 0, and a mean is taken over the\n"
    "        others. None leaves out none.",
    "axis": "axis of the classes, by default the last.",
    "reduction": "what becomes of the values: 'sum_over_batch_size' or 'mean', their mean, after\n"
    "        each is multiplied by its weight; 'sum', their sum; 'mean_with_sample_weight', the\n"
    "        sum over the sum of the weights; 'none' or None, all values as they are.",
    "name": "by which messages and configs call the loss.",
    "dtype": "dtype of the computation, to which labels and predictions are cast: a name or a\n"
    "        DTypePolicy. None is floatx, at first 'float32'.",
}
