"""LightGBM's trees as the arrays that serve."""

from typing import Any

import numpy as np

from restock.core.trees import Trees

LEAF = "leaf_value"


def trees_from(booster: Any) -> Trees:
    """Lay out a fitted booster's trees; they score rows as it does, bit for bit.

    Args:
        booster: a `lightgbm.Booster` without categorical features and missing values.

    Raises:
        ValueError: a node asks for anything but "at most".
    """
    layout = Layout()
    for tree in booster.dump_model()["tree_info"]:
        layout.add(tree["tree_structure"])
    return layout.trees()


class Layout:
    """Trees under construction, node by node."""

    def __init__(self) -> None:
        self._features: list[int] = []
        self._thresholds: list[np.float32] = []
        self._children: list[int] = []
        self._values: list[float] = []
        self._roots: list[int] = []
        self._depths: list[int] = []

    def add(self, structure: dict[str, Any]) -> None:
        """Append one tree.

        Args:
            structure: a node of LightGBM's dump, with its children inside.
        """
        root = self._leaf()
        self._roots.append(root)
        self._depths.append(self._fill(root, structure))

    def trees(self) -> Trees:
        """Return the trees appended so far."""
        return Trees(
            features=np.array(self._features, np.uint32),
            thresholds=np.array(self._thresholds, np.float32),
            children=np.array(self._children, np.uint32),
            values=np.array(self._values, np.float64),
            roots=np.array(self._roots, np.uint32),
            depths=np.array(self._depths, np.uint32),
        )

    def _leaf(self) -> int:
        place = len(self._features)
        self._features.append(0)
        self._thresholds.append(np.float32(np.inf))
        self._children.append(place)
        self._values.append(0.0)
        return place

    def _fill(self, place: int, node: dict[str, Any]) -> int:
        """Make a leaf into what a node is; return the steps to its deepest leaf."""
        if LEAF in node:
            self._values[place] = node[LEAF]
            return 0
        if node["decision_type"] != "<=":
            raise ValueError(f"a node decides by {node['decision_type']!r}, not by '<='")
        self._features[place] = node["split_feature"]
        self._thresholds[place] = at_most(node["threshold"])
        left, right = self._leaf(), self._leaf()
        self._children[place] = left
        return 1 + max(self._fill(left, node["left_child"]), self._fill(right, node["right_child"]))


def at_most(threshold: float) -> np.float32:
    """Largest float32 that is not above a threshold: the same float32 features lie above both."""
    rounded = np.float32(threshold)
    return rounded if float(rounded) <= threshold else np.nextafter(rounded, np.float32(-np.inf))
