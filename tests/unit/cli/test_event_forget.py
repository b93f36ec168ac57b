from collections import Counter

from restock.v1.events_pb2 import View
from tests.unit.cli.a_profile_store import (
    an_event,
    contents,
    counted,
    events_in,
    parts,
    some_events,
)


def test_forget_takes_deleted_users_out_of_old_parts_up_to_their_deletion(
    store, export, forget, root
):
    store.log = [
        an_event("e1", 19_700, "ann"),
        an_event("e2", 19_700, "bob"),
        an_event("e3", 19_701, "ann"),
        an_event("e4", 19_702, "bob"),
    ]
    export()
    untouched = contents(root / "day=2023-12-11")
    store.delete("ann", 19_701 * 86_400)
    store.log.append(an_event("back", 19_701.25, "ann"))
    export()
    assert len(events_in(root)) == 5
    result = forget()
    assert result.stdout == "Took 4 rows out of 2 of 4 part files.\n"
    assert events_in(root) == counted(store.events())
    assert contents(root / "day=2023-12-11") == untouched
    assert not list(root.glob("day=2023-12-10/part-0000000001.parquet"))


def test_forget_without_anybody_deleted_leaves_all_files(store, export, forget, root):
    store.log = some_events(0, 20)
    export()
    before = contents(root)
    assert forget().stdout == "Took 0 rows out of 0 of 3 part files.\n"
    assert contents(root) == before


def test_forget_where_nothing_was_exported_is_refused(forget, root):
    root.mkdir()
    result = forget()
    assert result.exit_code == 2
    assert f"{root}: there is no export in it" in result.stderr
    assert list(root.iterdir()) == []


def test_forget_names_a_part_file_that_is_not_readable(store, export, forget, root):
    store.log = [an_event("e1", 19_700)]
    export()
    parts(root)[0].write_bytes(b"PAR1")
    result = forget()
    assert result.exit_code == 2
    assert f"{parts(root)[0]}: not a readable part file" in result.stderr


def test_a_deletion_listed_twice_counts_from_the_later_moment(store, export, forget, root):
    store.log = [an_event("e1", 1, view=View(product_id="milk"))]
    export()
    store.delete("ann", 86_400)
    first = dict(store.deleted)
    store.delete("ann", 1)
    store.deleted = Doubled(first, store.deleted)
    forget()
    assert events_in(root) == Counter()


class Doubled:
    """Pairs of two mappings, one after the other."""

    def __init__(self, first, second):
        self.pairs = [*first.items(), *second.items()]

    def items(self):
        return self.pairs
