"""The analyst's report as a whole: every section, as data."""

from dataclasses import dataclass
from datetime import date

import numpy as np

from restock.artifacts.bundle import Bundle
from restock.artifacts.profiles import ProfileTable
from restock.artifacts.store import BundleStore
from restock.core.elasticity import ElasticitySettings
from trainer.analysis.change import Change, change
from trainer.analysis.coverage import Coverage, coverage
from trainer.analysis.data_quality import DataQualitySection, data_quality
from trainer.analysis.elasticity import ElasticitySection, elasticity_section
from trainer.analysis.figures import day_name
from trainer.analysis.pages import Pages, pages_of, sampled
from trainer.analysis.panel import PanelSettings
from trainer.analysis.repurchase import Repurchase, repurchase
from trainer.analysis.sales import Sales, sales_of_files, sales_of_version
from trainer.analysis.segments import Segments, segments_section
from trainer.progress import Progress
from trainer.read import Source

FORMAT = 1
"""Layout of report.json; a change that takes a key away raises it."""
NO_DATES = "The file gives baskets in order and no dates"


@dataclass(frozen=True)
class Inputs:
    """What the prices of a report were read from."""

    files: tuple[str, ...]
    """Files, without their folders; empty where the version was enough."""
    of_version: bool | None
    """Whether the version was learned from these very purchases; None without files."""
    dated: bool
    """Whether these purchases have dates, and not only an order of baskets."""


@dataclass(frozen=True)
class Report:
    """Everything that the report says. Holds no time of day: the same input gives the same bytes."""

    format: int
    """Layout."""
    version: str
    """The model version reported on."""
    dated: bool
    """Whether it was learned from purchases with dates; without, a shopping day of the report is a basket."""
    first_day: str | None
    """First purchase day that it was learned from; None without dates."""
    last_day: str | None
    """Last one; None without dates."""
    left_out: dict[str, str]
    """What the report cannot say of this data, and why, a sentence each."""
    inputs: Inputs
    """What the prices were read from."""
    data_quality: DataQualitySection
    """Rows, reasons, prices."""
    elasticity: ElasticitySection | None
    """None where no price is known, or no date."""
    segments: Segments
    """Spending segments."""
    repurchase: Repurchase
    """Cycles."""
    coverage: Coverage
    """What the served pages show."""
    change: Change | None
    """None where there is no other version to compare with."""


def make_report(
    store: BundleStore,
    version: str,
    against: str | None,
    source: Source | None,
    today: date,
    progress: Progress,
) -> Report:
    """Make every section.

    Args:
        store: the model versions.
        version: the one to report on.
        against: the one to compare it with; None for no comparison.
        source: the retailer's files, which alone say what was discounted; None takes the prices from what
            the version was learned from.
        today: the last day that a purchase may have.
        progress: is told of every stage.

    Raises:
        BundleMissing: there is no such version.
        BundleCorrupt: a version is damaged.
        InvalidFile: names file, row and column at fault and what is allowed.
    """
    with progress.stage("Model version"):
        bundle, profiles = store.load(version), store.profiles(version)
    with progress.stage("Purchases"):
        sales, inputs, counts = purchases(bundle, profiles, source, today)
    with progress.stage("Prices"):
        quality = data_quality(counts, "files" if source else "version", sales, bundle.tuning)
        elastic = elasticity_section(sales, PanelSettings(), ElasticitySettings())
    with progress.stage("Served pages"):
        households, pages = own_pages(bundle, profiles)
    moved = None
    if against is not None:
        with progress.stage("Comparison"):
            moved = compared(store.load(against), bundle, profiles, households, pages)
    covered = coverage(bundle, profiles, pages)
    left_out = unsaid(bundle.manifest.dated, sales)
    return gathered(bundle, profiles, inputs, left_out, quality, elastic, covered, moved)


def gathered(
    bundle: Bundle,
    profiles: ProfileTable,
    inputs: Inputs,
    left_out: dict[str, str],
    quality: DataQualitySection,
    elastic: ElasticitySection | None,
    covered: Coverage,
    moved: Change | None,
) -> Report:
    """Put the sections together, with those that a version alone is enough for."""
    manifest = bundle.manifest
    return Report(
        format=FORMAT,
        version=bundle.version,
        dated=manifest.dated,
        first_day=day_name(manifest.trained_from_day) if manifest.dated else None,
        last_day=day_name(manifest.trained_through_day) if manifest.dated else None,
        left_out=left_out,
        inputs=inputs,
        data_quality=quality,
        elasticity=elastic,
        segments=segments_section(profiles, bundle.catalogue.segment_cuts),
        repurchase=repurchase(bundle, profiles),
        coverage=covered,
        change=moved,
    )


def purchases(
    bundle: Bundle, profiles: ProfileTable, source: Source | None, today: date
) -> tuple[Sales, Inputs, dict[str, object]]:
    """Purchase lines, what they come from, and the counts of their cleaning.

    They are those of the files, or of the version where there are none.
    """
    if source is None:
        sales = sales_of_version(bundle, profiles)
        return sales, Inputs((), None, sales.dated), bundle.manifest.data_quality
    read = sales_of_files(source, bundle.tuning, today)
    same = read.digest == bundle.manifest.input_digest
    inputs = Inputs(files_of(source), same, read.sales.dated)
    return read.sales, inputs, read.quality.as_dict()


def unsaid(version_dated: bool, sales: Sales) -> dict[str, str]:
    """Say what the report leaves out, and why: by section, a sentence each."""
    reasons = {}
    if not version_dated:
        reasons["days"] = f"{NO_DATES}: there is no first and no last day."
        reasons["repurchase"] = (
            f"{NO_DATES}: gaps and cycles are counted in baskets of a household."
        )
    if not sales.dated:
        reasons["prices"] = (
            f"{NO_DATES}: for how long a price was asked is not known, and no verdict goes by it."
        )
        reasons["elasticity"] = (
            f"{NO_DATES}: there are no weeks whose sales could answer to a price."
        )
    elif not (sales.paid > 0).any():
        reasons["elasticity"] = "No price is known in this data."
    return reasons


def files_of(source: Source) -> tuple[str, ...]:
    """Name a source's files without the folders that they lie in."""
    paths = (source.transactions, source.events, source.products)
    return tuple(path.name for path in paths if path is not None)


def own_pages(bundle: Bundle, profiles: ProfileTable) -> tuple[np.ndarray, Pages]:
    """Households asked about and the pages of a version with its own histories, the day after training."""
    households = sampled(len(profiles.user_ids))
    rows = np.arange(len(bundle.catalogue))
    day = bundle.manifest.trained_through_day + 1
    return households, pages_of(bundle, profiles, rows, households, day)


def compared(
    before: Bundle, after: Bundle, profiles: ProfileTable, households: np.ndarray, pages: Pages
) -> Change:
    """Ask the older version with the newer one's histories, for the same day, and compare."""
    rows = before.catalogue.rows(after.catalogue.item_ids)
    day = after.manifest.trained_through_day + 1
    older = pages_of(before, profiles, rows, households, day)
    return change(before, after, profiles, households, (older, pages))


def version_before(versions: list[str], version: str) -> str | None:
    """Name what a version is compared with by default: the last one before it, learned up to no later day.

    Args:
        versions: names of versions in the order in which they were written; each begins with the last day
            that it was learned from.
        version: which one is compared; without it among them, there is none.
    """
    if version not in versions:
        return None
    day = version.partition("-")[0]
    earlier = versions[: versions.index(version)]
    return next((name for name in reversed(earlier) if name.partition("-")[0] <= day), None)
