"""``/categories`` and ``/tags``."""

from collections import Counter

from triblerd.errors import InvalidInputError, NotFoundError
from triblerd.http.endpoint import Endpoint, route
from triblerd_downloads.api import Category
from triblerd_downloads.download_set import DownloadSet
from triblerd_downloads.label_names import CategoryName
from triblerd_downloads.labels.categories import Categories
from triblerd_downloads.labels.schemas import (
    CategoryBody,
    CategoryItem,
    CategoryList,
    CategoryRemoved,
    TagItem,
    TagList,
)

_FILMS = {"save_path": "/srv/films", "seeding_ratio": 2.0, "seeding_time": 604800}


class CategoriesEndpoint(Endpoint):
    """Categories of downloads, with a directory and share limits."""

    prefix = "/categories"

    def __init__(self, *, categories: Categories) -> None:
        self._categories = categories

    @route("GET", "")
    async def list_categories(self) -> CategoryList:
        """List all categories."""
        counts = self._categories.counts()
        found = self._categories.all().items()
        return CategoryList(categories=[_item(name, category, counts[name]) for name, category in found])

    @route("PUT", "/{name}", raises=(InvalidInputError,), examples={"body": _FILMS})
    async def put_category(self, name: CategoryName, body: CategoryBody) -> CategoryItem:
        """Make a category, or replace it: what the body leaves out is as if it had never been said."""
        return self._shown(name, await self._categories.put(name, Category(**body.fields())))  # type: ignore[arg-type]

    @route("PATCH", "/{name}", raises=(InvalidInputError, NotFoundError), examples={"body": {"seeding_ratio": None}})
    async def change_category(self, name: CategoryName, body: CategoryBody) -> CategoryItem:
        """Change a category: what the body leaves out stays. Another directory is for downloads that come later."""
        return self._shown(name, await self._categories.change(name, body.fields()))

    @route("DELETE", "/{name}", raises=(InvalidInputError, NotFoundError))
    async def remove_category(self, name: CategoryName) -> CategoryRemoved:
        """Remove a category. Its downloads stay, and where they are, without a category."""
        await self._categories.remove(name)
        return CategoryRemoved(name=str(name))

    def _shown(self, name: str, category: Category) -> CategoryItem:
        return _item(name, category, self._categories.counts()[name])


class TagsEndpoint(Endpoint):
    """Tags of downloads."""

    prefix = "/tags"

    def __init__(self, *, downloads: DownloadSet) -> None:
        self._downloads = downloads

    @route("GET", "")
    async def list_tags(self) -> TagList:
        """List all tags that some download has. They are given and taken by `PATCH /downloads/{infohash}`."""
        counts = Counter(tag for download in self._downloads.all() for tag in download.record.tags)
        return TagList(tags=[TagItem(name=name, downloads=count) for name, count in sorted(counts.items())])


def _item(name: str, category: Category, downloads: int) -> CategoryItem:
    return CategoryItem(
        name=str(name),
        save_path=category.save_path,
        seeding_ratio=category.seeding_ratio,
        seeding_time=category.seeding_time,
        downloads=downloads,
    )
