"""The catalog: former names, first names, archived documents; durable, and small."""

from pathlib import Path

import pytest

from server.storage.catalog import Catalog
from server.storage.data_folder import DataFolder, DataFolderError
from server.storage.site.folder import FileText


@pytest.fixture
def file(tmp_path: Path) -> FileText:
    return FileText(tmp_path / "catalog.json")


def test_without_renames_there_is_no_file(file: FileText) -> None:
    catalog = Catalog(file)
    assert catalog.first_name("notes") == "notes"
    assert catalog.moved_to("notes") is None
    assert not catalog.is_archived("notes")
    catalog.remove("notes")
    assert file.read() is None


def test_former_names_lead_to_the_last_name(file: FileText) -> None:
    Catalog(file).rename("a", "b")
    Catalog(file).rename("b", "c")
    catalog = Catalog(file)
    assert catalog.moved_to("a") == catalog.moved_to("b") == "c"
    assert catalog.former_names("c") == ["a", "b"]
    assert catalog.first_name("c") == "a"
    assert catalog.first_name("b") == "b", "the next document of this name is another"


def test_a_document_that_is_renamed_back_is_as_before(file: FileText) -> None:
    catalog = Catalog(file)
    catalog.rename("a", "b")
    catalog.rename("b", "a")
    assert catalog.moved_to("a") is None
    assert catalog.moved_to("b") == "a"
    assert catalog.first_name("a") == "a"


def test_what_is_archived_stays_so_under_its_new_name(file: FileText) -> None:
    Catalog(file).set_archived("a", is_archived=True)
    Catalog(file).rename("a", "b")
    catalog = Catalog(file)
    assert (catalog.is_archived("a"), catalog.is_archived("b")) == (False, True)
    catalog.set_archived("b", is_archived=False)
    assert not Catalog(file).is_archived("b")
    assert Catalog(file).first_name("b") == "a"


def test_a_redirect_is_given_up_alone(file: FileText) -> None:
    catalog = Catalog(file)
    catalog.rename("a", "b")
    catalog.rename("b", "c")
    catalog.remove_redirect("b")
    assert catalog.former_names("c") == ["a"]
    assert catalog.first_name("c") == "a"


def test_a_document_that_is_removed_leaves_nothing(file: FileText) -> None:
    catalog = Catalog(file)
    catalog.rename("a", "b")
    catalog.set_archived("b", is_archived=True)
    catalog.remove("b")
    catalog = Catalog(file)
    assert (catalog.moved_to("a"), catalog.first_name("b")) == (None, "b")
    assert not catalog.is_archived("b")


def test_a_damaged_catalog_is_not_overwritten(tmp_path: Path) -> None:
    with DataFolder(tmp_path):
        pass
    (tmp_path / "catalog.json").write_text('{"moved": 3}')
    with pytest.raises(DataFolderError, match=r"catalog\.json is damaged"), DataFolder(tmp_path):
        pass
    assert (tmp_path / "catalog.json").read_text() == '{"moved": 3}'
