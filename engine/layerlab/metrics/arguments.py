"""What arguments of many metrics mean: written once, and shown in the docstring of each that has them."""

from __future__ import annotations

__all__ = ["SHARED_ARGUMENTS", "SHARED_ARGUMENTS_OF_FUNCTIONS"]

SHARED_ARGUMENTS = {
    "from_logits": "True takes predictions as logits, any real numbers, of which\n"
    "        the metric takes the sigmoid or softmax itself. False expects\n"
    "        probabilities.",
    "label_smoothing": "s in [0, 1] moves labels to y (1 - s) + s / n, where n is\n"
    "        the number of classes, 2 for labels 0 or 1.",
    "axis": "axis of the classes, by default the last.",
    "thresholds": "a number in [0, 1], or a list of numbers, for each of which the\n"
    "        result has a value. Predictions above a threshold count as 1. None is\n"
    "        0.5.",
    "num_thresholds": "how many thresholds to try, evenly from 0 to 1; more are\n"
    "        finer and take longer.",
    "top_k": "only the k largest of the classes count as predicted. None sets no\n        limit.",
    "class_id": "index, from 0, of the only class in the last axis to count. None\n        counts all.",
    "num_classes": "number of classes n; labels and predictions outside of 0 to\n"
    "        n - 1 are not counted.",
    "target_class_ids": "the classes whose scores are averaged; a class that\n"
    "        neither labels nor predictions contain is left out.",
    "ignore_class": "label of the elements that are not counted. None counts all.",
    "sparse_y_true": "True for labels that are class numbers; False for one-hot\n"
    "        ones, with the classes along `axis`.",
    "sparse_y_pred": "True for predictions that are class numbers; False for one\n"
    "        value per class along `axis`, of which the largest counts.",
    "average": "'micro', one score of all decisions; 'macro', the mean over the\n"
    "        classes; 'weighted', their mean by the number of labels of each. None\n"
    "        gives one score per class.",
    "threshold": "a float in (0, 1]: predictions above it count as 1. None takes\n"
    "        the largest of each sample.",
    "k": "how many of the largest predictions count.",
    "name": "by which logs, the history and callbacks know the metric. None makes\n"
    "        one from the name of the class.",
    "dtype": "dtype of the computation: a name or a DTypePolicy. None is floatx, at\n"
    "        first 'float32'.",
}

SHARED_ARGUMENTS_OF_FUNCTIONS = {
    "y_true": "labels, of the shape of y_pred. A last axis of size 1 may be\n        missing on either side.",
    "y_pred": "predictions, (batch, ..., features).",
    "k": "how many of the largest predictions count.",
}
