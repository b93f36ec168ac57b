"""LightGBM's trees as the arrays that serve."""

from typing import Any

import numpy as np

from restock.core.trees import ALL_LEAVES, LEAVES, Trees, trees_of

LEAF = "leaf_value"


def trees_from(booster: Any) -> Trees:
    """Lay out a fitted booster's trees; they score rows as it does, bit for bit.

    Args:
        booster: a `lightgbm.Booster` without categorical features and missing values, of trees with at
            most `LEAVES` leaves.

    Raises:
        ValueError: a node asks for anything but "at most", or a tree has more leaves.
    """
    layout = Layout(booster.num_feature())
    for tree in booster.dump_model()["tree_info"]:
        layout.add(tree["tree_structure"])
    return layout.trees()


class Layout:
    """Trees under construction, tree by tree."""

    def __init__(self, width: int) -> None:
        self._width = width
        self._features: list[int] = []
        self._thresholds: list[np.float32] = []
        self._owners: list[int] = []
        self._masks: list[int] = []
        self._values: list[list[float]] = []

    def add(self, structure: dict[str, Any]) -> None:
        """Append one tree.

        Args:
            structure: a node of LightGBM's dump, with its children inside.
        """
        self._values.append([])
        self._visit(structure)

    def trees(self) -> Trees:
        """Return the trees appended so far."""
        values = np.zeros((len(self._values), LEAVES))
        for tree, leaves in enumerate(self._values):
            values[tree, : len(leaves)] = leaves
        return trees_of(
            np.array(self._features, np.int64),
            np.array(self._thresholds, np.float32),
            np.array(self._owners, np.uint32),
            np.array(self._masks, np.uint32),
            values,
            self._width,
        )

    def _visit(self, node: dict[str, Any]) -> int:
        """Note the leaves and comparisons from a node on, left before right; return its leaves' bits."""
        leaves = self._values[-1]
        if LEAF in node:
            if len(leaves) == LEAVES:
                raise ValueError(f"a tree has more than {LEAVES} leaves")
            leaves.append(node[LEAF])
            return 1 << (len(leaves) - 1)
        if node["decision_type"] != "<=":
            raise ValueError(f"a node decides by {node['decision_type']!r}, not by '<='")
        left = self._visit(node["left_child"])
        self._features.append(node["split_feature"])
        self._thresholds.append(at_most(node["threshold"]))
        self._owners.append(len(self._values) - 1)
        self._masks.append(int(ALL_LEAVES) & ~left)
        return left | self._visit(node["right_child"])


def at_most(threshold: float) -> np.float32:
    """Largest float32 that is not above a threshold: the same float32 features lie above both."""
    rounded = np.float32(threshold)
    return rounded if float(rounded) <= threshold else np.nextafter(rounded, np.float32(-np.inf))
