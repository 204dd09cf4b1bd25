"""The page in a real browser, on a folder and on a bucket: what a person does, and what is seen then."""

from __future__ import annotations

import asyncio
import io
import re
import shutil
import zipfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect, sync_playwright

from crossframe.web.hosts import LOOPBACK
from crossframe.web.places import Place
from crossframe.web.site import Site
from web_lab import fill
from web_page import BASE, Page, bucket_page, served

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).resolve().parents[2]
SHOTS = ROOT / "build" / "screenshots"
ARGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
# Why so long: two cores may be busy with everything else.
PATIENCE_MS = 60_000
DESK, PHONE = {"width": 1360, "height": 860}, {"width": 390, "height": 800}

expect.set_options(timeout=PATIENCE_MS)


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    chromium = shutil.which("chromium")
    assert chromium, "There is no chromium. Run: make setup"
    with sync_playwright() as playwright:
        found = playwright.chromium.launch(executable_path=chromium, args=ARGS)
        yield found
        found.close()


class Window:
    """A browser's window on a page that is served; it fails where a script does."""

    def __init__(self, browser: Any, page: Page, address: str, **options: Any) -> None:
        self.page, self.address = page, address
        self.context = browser.new_context(**({"viewport": DESK} | options))
        self.context.set_default_timeout(PATIENCE_MS)
        self.tab = self.context.new_page()
        self.wrong: list[str] = []
        self.tab.on("pageerror", lambda error: self.wrong.append(str(error)))
        self.tab.on("console", self._said)
        self.tab.goto(f"{address}/?token={page.site.token}")
        self.tab.wait_for_url(f"{address}/")

    def _said(self, message: Any) -> None:
        # What the server refuses is told in the console, too, and belongs to some of the tests.
        if message.type == "error" and "status of" not in message.text:
            self.wrong.append(message.text)

    def go(self, path: str) -> None:
        from urllib.parse import quote

        self.tab.goto(f"{self.address}/?path={quote(path)}")

    def row(self, name: str) -> Any:
        return self.tab.locator("#rows td.name a", has=self.tab.get_by_text(name, exact=True))

    def act(self, name: str, what: str) -> None:
        self.tab.get_by_role("button", name=f"Actions for {name}", exact=True).click()
        self.tab.get_by_role("menuitem", name=what).click()

    def button(self, name: str) -> Any:
        return self.tab.get_by_role("button", name=name, exact=True)

    def said(self, text: str) -> None:
        expect(self.tab.locator("#toasts")).to_contain_text(text)

    def answer(self, ok: str, **fields: str) -> None:
        dialog = self.tab.locator("dialog[open]")
        for name, value in fields.items():
            field = dialog.locator(f"[name={name}]")
            field.select_option(value) if field.evaluate("e => e.tagName") == "SELECT" else field.fill(value)
        dialog.get_by_role("button", name=ok, exact=True).click()

    def shot(self, name: str) -> None:
        SHOTS.mkdir(parents=True, exist_ok=True)
        self.tab.screenshot(path=SHOTS / f"{name}.png", animations="disabled")

    def is_accessible(self) -> None:
        found = Axe().run(self.tab)
        serious = [
            f"{one['id']} ({one['impact']}): {one['help']}: {[node['target'] for node in one['nodes']][:3]}"
            for one in found.response["violations"]
            if one["impact"] in {"serious", "critical"}
        ]
        assert not serious, "\n".join(serious)

    def close(self) -> None:
        self.context.close()
        assert not self.wrong


@contextmanager
def window(browser: Any, page: Page, **options: Any) -> Iterator[Window]:
    with served(page.site) as address:
        opened = Window(browser, page, address, **options)
        yield opened
        opened.close()


@pytest.fixture(params=["folder", "seaweedfs"])
def lab(request: Any) -> Page:
    """Return a page on a lab's files."""
    if request.param == "folder":
        page = request.getfixturevalue("folder_page")
    else:
        page = bucket_page(request.getfixturevalue(request.param))
    fill(page)
    return page


def test_browse_search_and_sort_with_the_keyboard_and_without(browser, lab):
    with window(browser, lab) as w:
        tab = w.tab
        expect(w.row("runs")).to_be_visible()
        w.row("runs").click()
        w.row("2026").click()
        expect(w.row("visits.parquet")).to_be_visible()
        assert w.row("visits.csv.schema.json").count() == 0
        # Narrows as one types, and Escape takes it back.
        tab.keyboard.press("/")
        tab.keyboard.type("PARQ")
        expect(tab.locator("#rows td.name a")).to_have_count(1)
        expect(tab.locator("#state")).to_contain_text("1 of 5")
        tab.keyboard.press("Escape")
        expect(tab.locator("#rows td.name a")).to_have_count(5)
        tab.locator("#rows thead").get_by_role("button", name="Size").click()
        expect(tab.locator("#rows th.size")).to_have_attribute("aria-sort", "descending")
        expect(tab.locator("#rows td.name a").first).to_contain_text("visits.csv")
        # Up to the top, and find it from there.
        tab.locator("#rows td.name a").first.focus()
        tab.keyboard.press("Backspace")
        expect(w.row("2026")).to_be_visible()
        tab.get_by_role("link", name="All files").click()
        expect(w.row("runs")).to_be_visible()
        tab.get_by_label("Subfolders too").check()
        tab.locator("#find").fill("model")
        expect(w.row("runs/2026/model.rds")).to_be_visible()
        tab.keyboard.press("ArrowDown")
        tab.keyboard.press("Enter")
        expect(tab.get_by_role("heading", name="model.rds")).to_be_visible()
        tab.go_back()
        tab.go_back()
        expect(w.row("2026")).to_be_visible()
        tab.keyboard.press("?")
        expect(tab.get_by_role("heading", name="Keys")).to_be_visible()


DROP = """([names, size]) => {
    const transfer = new DataTransfer();
    for (const name of names) transfer.items.add(new File(["x".repeat(size)], name));
    for (const kind of ["dragenter", "dragover", "drop"]) {
        const event = new DragEvent(kind, { dataTransfer: transfer, bubbles: true, cancelable: true });
        document.getElementById("rows").dispatchEvent(event);
        if (kind === "dragover" && document.getElementById("drop").hidden) throw new Error("no drop");
    }
}"""


def test_upload_by_drag_and_drop_and_by_the_button_and_cancel(browser, lab, monkeypatch, tmp_path):
    with window(browser, lab) as w:
        w.go("incoming/")
        expect(w.row("notes.txt")).to_be_visible()
        w.tab.evaluate(DROP, [["dropped one.txt", "two.txt"], 3000])
        w.said("Uploaded 2 files.")
        expect(w.row("dropped one.txt")).to_be_visible()
        assert bytes(lab.store.get("incoming/dropped one.txt")) == b"x" * 3000
        # A name that is taken is asked about, and what was there can come back.
        (tmp_path / "notes.txt").write_bytes(b"new")
        with w.tab.expect_file_chooser() as chooser:
            w.button("Upload").click()
        chooser.value.set_files(tmp_path / "notes.txt")
        w.answer("Replace")
        w.said("Uploaded \u201cnotes.txt\u201d.")
        assert bytes(lab.store.get("incoming/notes.txt")) == b"new"

        async def slow(request: Any, *_: Any) -> int:
            async for _chunk in request.stream():
                await asyncio.sleep(0.2)
            return 0

        monkeypatch.setattr("crossframe.web.objects._land", slow)
        w.tab.evaluate(DROP, [["never.bin"], 30_000_000])
        expect(w.tab.locator("#tasks progress")).to_be_visible()
        w.shot(f"upload-{'folder' if lab.folder else 'bucket'}")
        w.tab.locator("#tasks").get_by_role("button", name="Cancel").click()
        w.said("The upload was cancelled.")
        expect(w.tab.locator("#tasks progress")).to_have_count(0)
        assert "incoming/never.bin" not in {meta.key for meta in lab.store.list()}


def test_preview_each_format_sort_and_choose(browser, lab):
    with window(browser, lab) as w:
        tab = w.tab
        for name in ("visits.parquet", "visits.csv", "visits.rds"):
            w.go(f"runs/2026/{name}")
            heads = tab.locator(".data thead th")
            expect(heads.nth(2)).to_contain_text("R factor")
            expect(heads.nth(3)).to_contain_text("pandas Int32")
            expect(heads.nth(4)).to_contain_text("18 missing")
            expect(heads.nth(3).get_by_role("img")).to_have_attribute(
                "aria-label", re.compile("Histogram, from 1")
            )
            expect(tab.locator(".data tbody tr")).to_have_count(200)
            expect(tab.locator(".state").nth(1)).to_contain_text("200 rows of 300, 6 columns")
        # A second click before the answer to the first: that is held back, and no longer waited for.
        tab.route(re.compile(r"sort=patient$"), lambda _held: None)
        with tab.expect_event("requestfailed", lambda one: one.url.endswith("sort=patient")):
            tab.get_by_role("button", name="patient").evaluate("one => { one.click(); one.click(); }")
        expect(tab.locator(".data tbody td").first).to_have_text("P0299")
        expect(tab.locator(".data thead th").nth(1)).to_have_attribute("aria-sort", "descending")
        scrolls = tab.locator(".data").evaluate("e => e.scrollHeight > e.clientHeight")
        assert scrolls
        w.go("runs/2026/all.RData")
        expect(tab.locator(".data tbody tr")).to_have_count(20)
        tab.get_by_label("Object").select_option("model")
        expect(tab.locator(".tree")).to_contain_text("converged")
        w.go("runs/2026/model.rds")
        expect(tab.locator(".tree")).to_contain_text("in 5 steps")
        w.go("README.md")
        expect(tab.locator("pre.text")).to_contain_text("whom to ask")
        w.go("figures/dose.svg")
        expect(tab.locator(".picture img")).not_to_have_js_property("naturalWidth", 0)
        w.go("from-a-stranger.rds")
        expect(tab.get_by_role("heading", name="This file holds code")).to_be_visible()
        expect(tab.locator(".report")).to_contain_text("promise")
        assert tab.locator(".data td", has_text="P0").count() == 0
        # Each file says how it is loaded, and the line is copied by a button.
        w.go("runs/2026/visits.rds")
        where = f"{lab.folder or lab.root}/runs/2026/visits.rds"
        expect(tab.locator(".code", has_text=f'cf_load("{where}")')).to_be_visible()
        w.context.grant_permissions(["clipboard-read", "clipboard-write"])
        w.button("Copy Python").click()
        w.said("Copied.")
        assert (
            tab.evaluate("navigator.clipboard.readText()")
            == f'import crossframe as cf\nd = cf.load("{where}")'
        )


def test_share_a_link_that_a_stranger_opens_until_it_ends_and_make_public_and_back(browser, lab):
    with window(browser, lab) as w:
        tab = w.tab
        w.go("runs/2026/visits.csv")
        w.button("Share").click()
        w.answer("Create link", expires="1h")
        link = tab.get_by_label("Link", exact=True).input_value()
        expect(tab.locator("dialog .code", has_text="cf_load(")).to_contain_text(link)
        mail = tab.get_by_role("link", name="Send by mail").get_attribute("href")
        assert mail.startswith("mailto:?subject=")
        w.button("Done").click()
        # Somebody else's browser: no cookie, no account.
        stranger = browser.new_context()
        content = stranger.request.get(link)
        assert content.status == 200
        assert content.body() == bytes(lab.store.get("runs/2026/visits.csv"))
        if lab.folder:
            other = stranger.new_page()
            with other.expect_download() as download:
                other.evaluate("link => { location.href = link; }", link)
            assert download.value.suggested_filename == "visits.csv"
        assert stranger.request.get(f"{w.address}/api/list").status == 401
        short = stranger.request.get(_short_link(w, "runs/2026/visits.csv"), timeout=PATIENCE_MS)
        assert short.status == 403
        # Public and back.
        w.go("figures/")
        w.act("dose.svg", "Make public")
        w.answer("Make public")
        public = tab.get_by_label("Address", exact=True).input_value()
        assert stranger.request.get(public).body() == bytes(lab.store.get("figures/dose.svg"))
        w.button("Done").click()
        expect(tab.locator("#rows .badge")).to_have_text("public")
        w.act("dose.svg", "Make private")
        w.said("private again")
        expect(tab.locator("#rows .badge")).to_have_count(0)
        assert stranger.request.get(public).status in {403, 404}
        stranger.close()


def _short_link(w: Window, path: str) -> str:
    """Return a link that has ended."""
    import time

    headers = w.page.headers
    answer = w.context.request.post(
        f"{w.address}/api/share", data={"path": path, "expires": "1s"}, headers=headers
    )
    assert answer.status == 200
    time.sleep(2.5)
    link: str = answer.json()["link"]
    return link


def test_delete_undo_and_restore_a_version(browser, lab):
    with window(browser, lab) as w:
        tab = w.tab
        lab.store.put("incoming/notes.txt", b"second version")
        w.go("incoming/")
        w.row("notes.txt").focus()
        tab.keyboard.press("Delete")
        w.said("Deleted \u201cnotes.txt\u201d.")
        expect(w.row("notes.txt")).to_have_count(0)
        w.button("Undo").click()
        w.said("is back")
        expect(w.row("notes.txt")).to_be_visible()
        # Again, and back from among what was deleted.
        w.act("notes.txt", "Delete")
        expect(w.row("notes.txt")).to_have_count(0)
        w.button("More").click()
        tab.get_by_role("menuitem", name="Show deleted files").click()
        tab.get_by_role("link", name="Restore notes.txt").click()
        expect(tab.locator("#empty")).to_contain_text("Nothing was deleted here.")
        w.go("incoming/notes.txt")
        expect(tab.locator("pre.text")).to_contain_text("second version")
        tab.get_by_role("button", name=re.compile("^Look at the version")).last.click()
        expect(tab.locator("pre.text")).to_have_text("hello\n")
        tab.get_by_role("button", name=re.compile("^Restore the version")).last.click()
        w.said("is the newest again")
        expect(tab.locator("pre.text")).to_have_text("hello\n")
        assert bytes(lab.store.get("incoming/notes.txt")) == b"hello\n"


def test_rename_move_new_folder_and_zip(browser, lab):
    with window(browser, lab) as w:
        tab = w.tab
        # Renamed: the page goes along.
        w.go("incoming/notes.txt")
        expect(tab.locator("pre.text")).to_be_visible()
        tab.keyboard.press("F2")
        w.answer("Rename", name="words.txt")
        expect(tab.get_by_role("heading", name="words.txt")).to_be_visible()
        assert bytes(lab.store.get("incoming/words.txt")) == b"hello\n"
        # A new folder, something moved into it, and the whole as a zip.
        w.go("")
        w.button("New folder").click()
        w.answer("Make folder", name="kept")
        expect(tab.locator("#empty")).to_contain_text("This folder is empty.")
        w.go("")
        expect(tab.locator("#rows .badge")).to_have_text("new, empty")
        w.act("README.md", "Move")
        w.answer("Move", folder="kept")
        w.said("kept/README.md")
        for name in ("kept", "figures"):
            tab.get_by_label(f"Select {name}", exact=True).check()
        expect(tab.locator("#chosen")).to_contain_text("2 items selected")
        with tab.expect_download() as download:
            tab.locator("#chosen").get_by_role("button", name="Download").click()
        with zipfile.ZipFile(io.BytesIO(Path(download.value.path()).read_bytes())) as archive:
            assert sorted(archive.namelist()) == ["figures/dose.svg", "kept/README.md"]
        tab.locator("#chosen").get_by_role("button", name="Delete").click()
        w.answer("Delete")
        expect(w.row("kept")).to_have_count(0)
        w.button("Undo").click()
        expect(w.row("kept")).to_be_visible()
        w.act("runs", "Rename")
        w.answer("Rename", name="trials")
        expect(w.row("trials")).to_be_visible()
        assert not list(lab.store.list("runs/"))


def test_a_folder_of_100000_keys_shows_a_window_of_them(browser, folder_page):
    many = folder_page.folder / "many"
    many.mkdir()
    first = many / "run-000000.csv"
    for number in range(100_000):
        file = many / f"run-{number:06}.csv"
        # Why links: making files takes longer. A file system allows some 65,000 to one.
        if number % 50_000 != 0:
            file.hardlink_to(first)
        else:
            first = file
            first.write_bytes(b"a\n1\n")
    with window(browser, folder_page) as w:
        w.go("many/")
        expect(w.row("run-000000.csv")).to_be_visible()
        rows = w.tab.locator("#rows td.name a")
        assert rows.count() < 80
        w.tab.keyboard.press("End")
        w.tab.locator("#find").fill("099999")
        expect(w.row("run-099999.csv")).to_be_visible()
        expect(w.tab.locator("#state")).to_contain_text("1 of 100,000")
        w.tab.locator("#find").fill("")
        expect(w.tab.locator("#rows table")).to_have_attribute("aria-rowcount", "100001")
        w.row("run-000000.csv").focus()
        w.tab.keyboard.press("End")
        expect(w.row("run-099999.csv")).to_be_focused()
        assert rows.count() < 80
        last = w.row("run-099999.csv").locator("xpath=ancestor::tr")
        expect(last).to_have_attribute("aria-rowindex", "100001")


def test_a_read_only_page_offers_no_change(browser, folder_page):
    fill(folder_page)
    folder_page.site.read_only = True
    with window(browser, folder_page) as w:
        expect(w.row("runs")).to_be_visible()
        expect(w.tab.locator("header")).to_contain_text("read only")
        assert w.button("Upload").count() == w.button("New folder").count() == 0
        w.button("Actions for README.md").click()
        items = w.tab.get_by_role("menuitem").all_inner_texts()
        assert items == ["Open", "Download", "Share a link"]
        w.tab.keyboard.press("Escape")
        w.go("README.md")
        expect(w.tab.locator("pre.text")).to_be_visible()


def test_a_stranger_uploads_by_a_request_and_errors_say_what_to_do(browser, folder_page, tmp_path):
    fill(folder_page)
    (tmp_path / "theirs.csv").write_bytes(b"a\n1\n")
    with window(browser, folder_page) as w:
        w.go("incoming/")
        w.button("More").click()
        w.tab.get_by_role("menuitem", name="Request an upload").click()
        w.answer("Create link", name="from-partner.csv")
        link = w.tab.get_by_label("Link", exact=True).input_value()
        stranger = browser.new_context(viewport=PHONE)
        tab = stranger.new_page()
        tab.goto(link)
        tab.get_by_label("File").set_input_files(tmp_path / "theirs.csv")
        tab.get_by_role("button", name="Upload").click()
        expect(tab.locator("#said")).to_contain_text("has arrived")
        assert bytes(folder_page.store.get("incoming/from-partner.csv")) == b"a\n1\n"
        stranger.close()
        # A file that went away meanwhile, and a damaged one.
        w.go("no-such-file.csv")
        expect(w.tab.locator("#file")).to_contain_text("It may have been moved or deleted.")
        folder_page.store.put("damaged.rds", b"X\n\0\0\0\3")
        w.go("damaged.rds")
        expect(w.tab.locator(".preview")).to_contain_text("Can't decode")


def test_buckets_are_browsed(browser, seaweedfs):
    page = bucket_page(seaweedfs)
    fill(page)
    bucket = page.root.removeprefix("s3://")
    buckets = Page(Site(Place.of("s3://", seaweedfs.options()), hosts=LOOPBACK), page.root)
    with window(browser, buckets) as w:
        # Why: other tests' buckets may be more than the window shows.
        expect(w.tab.locator("#rows td.name a").first).to_be_visible()
        w.tab.keyboard.press("/")
        w.tab.keyboard.type(bucket)
        w.row(bucket).click()
        w.row("README.md").click()
        expect(w.tab.locator("pre.text")).to_contain_text("Lab data")
        expect(w.tab.locator(".code").first).to_contain_text(f"s3://{bucket}/README.md")


VIEWS = [
    ("folder", "", "#rows td.name a"),
    ("table", "runs/2026/visits.parquet", ".data"),
    ("tree", "runs/2026/model.rds", ".tree"),
    ("report", "from-a-stranger.rds", ".report"),
    ("text", "README.md", "pre.text"),
    ("picture", "figures/dose.svg", ".picture img"),
    ("missing", "no-such-file.csv", "#file .empty"),
]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", ["desk", "phone"])
def test_the_views_are_accessible_fit_the_window_and_are_pictured(browser, folder_page, scheme, size):
    fill(folder_page)
    viewport = DESK if size == "desk" else PHONE
    with window(browser, folder_page, color_scheme=scheme, viewport=viewport) as w:
        for name, path, shown in VIEWS:
            w.go(path)
            expect(w.tab.locator(shown).first).to_be_visible()
            expect(w.tab.locator("[aria-busy=true]")).to_have_count(0)
            if path and name != "missing":
                expect(w.tab.locator(".versions")).to_be_visible()
            assert w.tab.evaluate("document.documentElement.scrollWidth <= innerWidth"), name
            w.is_accessible()
            w.shot(f"{name}-{size}-{scheme}")
        w.go("")
        w.button("Actions for README.md").click()
        w.is_accessible()
        w.shot(f"menu-{size}-{scheme}")
        w.tab.get_by_role("menuitem", name="Share a link").click()
        w.is_accessible()
        w.answer("Create link")
        expect(w.tab.get_by_label("Link", exact=True)).to_be_visible()
        w.is_accessible()
        w.shot(f"share-{size}-{scheme}")


def test_the_picture_for_the_readme(browser, folder_page):
    fill(folder_page)
    with window(browser, folder_page, viewport={"width": 1200, "height": 720}) as w:
        # A name that says something, whatever the folder of this run is called.
        w.go("runs/2026/visits.parquet")
        expect(w.tab.locator(".versions")).to_be_visible()
        expect(w.tab.locator(".data tbody tr")).to_have_count(200)
        shown = str(folder_page.folder)
        w.tab.evaluate(
            """shown => {
                for (const one of document.querySelectorAll(".root, pre code, dd"))
                    one.textContent = one.textContent.replaceAll(shown, "/data/lab");
            }""",
            shown,
        )
        w.shot("my-files")
    picture = SHOTS / "my-files.png"
    assert 20_000 < picture.stat().st_size < 300_000
    assert (ROOT / "examples" / "my-files.png").stat().st_size < 300_000


def _many(page: Page, folder: str, count: int) -> None:
    """Make empty files, more than come with a first answer."""
    (page.folder / folder).mkdir()
    for number in range(count):
        (page.folder / folder / f"run-{number:04}.txt").touch()


def test_a_listing_that_failed_half_way_leaves_a_page_that_answers(browser, folder_page):
    _many(folder_page, "many", 700)
    with window(browser, folder_page) as w:
        tab = w.tab
        tab.route(re.compile(r"/api/list\?cursor="), lambda route: route.abort())
        w.go("many/")
        expect(w.row("run-0000.txt")).to_be_visible()
        tab.keyboard.press("End")
        w.said("The server does not answer.")
        w.wrong.clear()
        tab.locator("#rows thead").get_by_role("button", name="Size").click()
        expect(tab.locator("#rows th.size")).to_have_attribute("aria-sort", "descending")
        expect(tab.locator("#state")).to_have_text("500 items so far")


def test_names_from_the_end_are_those_of_the_whole_folder_also_when_it_is_shown_again(browser, folder_page):
    _many(folder_page, "many", 700)
    with window(browser, folder_page) as w:
        w.go("many/")
        w.tab.locator("#rows thead").get_by_role("button", name="Name").click()
        expect(w.row("run-0699.txt")).to_be_visible()
        w.button("Actions for run-0698.txt").click()
        w.tab.get_by_role("menuitem", name="Delete").click()
        w.said("Deleted")
        expect(w.tab.locator("#state")).to_have_text("699 items")
        expect(w.row("run-0699.txt")).to_be_visible()


def test_a_deletion_that_is_not_confirmed_leaves_what_was_selected(browser, folder_page):
    fill(folder_page)
    with window(browser, folder_page) as w:
        for name in ("figures", "incoming"):
            w.tab.get_by_label(f"Select {name}", exact=True).check()
        chosen = w.tab.locator("#chosen")
        chosen.get_by_role("button", name="Delete").click()
        w.answer("Cancel")
        w.tab.get_by_label("Select runs", exact=True).check()
        expect(chosen).to_contain_text("3 items selected")


def test_what_is_public_is_that_of_the_folder_that_is_shown(browser, folder_page):
    fill(folder_page)
    folder_page.post("/api/publish", {"path": "figures/dose.svg"})
    with window(browser, folder_page) as w:
        # The answer for the folder above is held back, and no longer waited for.
        w.tab.route(re.compile(r"/api/published\?path=$"), lambda _held: None)
        w.go("")
        with w.tab.expect_event("requestfailed", lambda one: one.url.endswith("published?path=")):
            w.row("figures").click()
        expect(w.tab.locator("#rows .badge")).to_have_text("public")


def test_deleted_files_on_a_read_only_page_have_no_actions(browser, folder_page):
    fill(folder_page)
    folder_page.work("/api/delete", {"paths": ["incoming/notes.txt"]})
    folder_page.site.read_only = True
    with window(browser, folder_page) as w:
        w.go("incoming/")
        w.button("More").click()
        w.tab.get_by_role("menuitem", name="Show deleted files").click()
        expect(w.tab.locator("#rows td.name")).to_contain_text("notes.txt")
        assert w.tab.locator("#rows td.more button").count() == 0
        assert w.tab.get_by_role("link", name="Restore").count() == 0


def test_what_is_not_replaced_is_not_said_to_be_uploaded_or_moved(browser, folder_page):
    fill(folder_page)
    folder_page.store.put("figures/notes.txt", b"other")
    with window(browser, folder_page) as w:
        tab = w.tab
        w.go("incoming/")
        expect(w.row("notes.txt")).to_be_visible()
        # Put there by somebody else meanwhile.
        folder_page.store.put("incoming/late.txt", b"theirs")
        tab.evaluate(DROP, [["late.txt", "new.txt"], 3])
        w.answer("Cancel")
        w.said("Uploaded 1 file.")
        assert bytes(folder_page.store.get("incoming/late.txt")) == b"theirs"
        for name in ("notes.txt", "new.txt"):
            tab.get_by_label(f"Select {name}", exact=True).check()
        tab.locator("#chosen").get_by_role("button", name="Move").click()
        w.answer("Move", folder="figures")
        w.answer("Cancel")
        w.said("Moved 1 item.")


def test_a_file_goes_up_to_the_top_by_an_empty_name(browser, folder_page):
    fill(folder_page)
    with window(browser, folder_page) as w:
        w.go("incoming/")
        w.act("notes.txt", "Move")
        w.answer("Move", folder="")
        w.said("is now \u201cnotes.txt\u201d")
        assert bytes(folder_page.store.get("notes.txt")) == b"hello\n"


def test_a_folder_among_no_files_is_told_to_be_restorable(browser, seaweedfs):
    page = bucket_page(seaweedfs)
    page.store.put("runs/one.txt", b"1")
    with window(browser, page) as w:
        w.act("runs", "Delete")
        expect(w.tab.locator("dialog")).to_contain_text("You can undo it")


def test_a_double_click_opens_one_thing_and_back_leads_out_of_it(browser, folder_page):
    fill(folder_page)
    with window(browser, folder_page) as w:
        # Slow, so that the second click meets what the first one met.
        w.tab.route(re.compile(r"/api/list\?path=runs"), lambda _held: None)
        w.row("runs").dblclick()
        w.tab.wait_for_url(re.compile("path=runs"))
        w.tab.go_back()
        expect(w.tab).to_have_url(f"{w.address}/")


def test_keys_act_on_no_file_that_is_not_in_focus(browser, folder_page):
    _many(folder_page, "many", 300)
    with window(browser, folder_page) as w:
        w.go("many/")
        expect(w.row("run-0000.txt")).to_be_visible()
        w.tab.keyboard.press("Delete")
        w.tab.keyboard.press("m")
        w.row("run-0000.txt").focus()
        w.tab.locator("#rows").evaluate("one => { one.scrollTop = 9000; }")
        expect(w.row("run-0000.txt")).to_have_count(0)
        w.tab.keyboard.press("Delete")
        w.tab.keyboard.press("m")
        w.tab.keyboard.press("?")
        expect(w.tab.get_by_role("heading", name="Keys")).to_be_visible()
        expect(w.tab.locator("#toasts")).to_have_text("")
        assert (folder_page.folder / "many" / "run-0000.txt").exists()


def test_what_somebody_else_deleted_goes_from_the_page_when_that_is_told(browser, folder_page):
    fill(folder_page)
    with window(browser, folder_page) as w:
        w.go("incoming/")
        expect(w.row("notes.txt")).to_be_visible()
        folder_page.store.delete("incoming/notes.txt")
        w.act("notes.txt", "Delete")
        w.said("Can't find object 'incoming/notes.txt'")
        expect(w.row("notes.txt")).to_have_count(0)


def test_an_upload_link_sends_once_however_often_it_is_pressed(browser, folder_page, tmp_path):
    link = folder_page.post("/api/request", {"path": "theirs.csv", "expires": "1h"}).json()["link"]
    (tmp_path / "theirs.csv").write_bytes(b"a\n1\n")
    with window(browser, folder_page) as w:
        w.tab.goto(w.address + link.removeprefix(BASE))
        w.tab.get_by_label("File").set_input_files(tmp_path / "theirs.csv")
        sent = []
        w.tab.on("request", lambda one: sent.append(one.method))
        w.button("Upload").evaluate("one => { one.click(); one.click(); }")
        expect(w.tab.locator("#said")).to_contain_text("has arrived")
        assert sent == ["PUT"]


def test_back_closes_a_menu_and_a_question(browser, folder_page):
    fill(folder_page)
    with window(browser, folder_page) as w:
        for opened in (w.button("Actions for 2026"), w.button("New folder")):
            w.row("runs").click()
            opened.click()
            w.tab.go_back()
            expect(w.row("README.md")).to_be_visible()
            expect(w.tab.locator("[role=menu], dialog")).to_have_count(0)


def test_whether_a_deletion_can_be_undone_is_asked_of_the_file_that_is_shown(browser, folder_page):
    fill(folder_page)
    asked = []

    def answer(route: Any) -> None:
        asked.append(route)
        if len(asked) > 1:
            route.fulfill(json={"restorable": False})

    with window(browser, folder_page) as w:
        w.go("README.md")
        expect(w.tab.locator(".versions")).to_be_visible()
        # Of the next file nothing is known yet: the first answer is held back.
        w.tab.route(re.compile(r"/api/details\?path=incoming"), answer)
        w.tab.keyboard.press("Escape")
        w.row("incoming").click()
        w.row("notes.txt").click()
        expect(w.tab.locator("pre.text")).to_be_visible()
        w.tab.keyboard.press("Delete")
        expect(w.tab.locator("dialog")).to_contain_text("can\u2019t be brought back")


def test_an_empty_table_and_a_damaged_picture_are_told_and_accessible(browser, folder_page):
    (folder_page.folder / "empty.csv").touch()
    (folder_page.folder / "bad.png").write_bytes(b"no picture")
    with window(browser, folder_page) as w:
        for name, said in (("empty.csv", "There is no header"), ("bad.png", "can\u2019t show this picture")):
            w.go(name)
            expect(w.tab.locator(".preview")).to_contain_text(said)
            expect(w.tab.locator(".versions")).to_be_visible()
            w.is_accessible()


def test_a_bucket_without_versions_promises_none(browser, seaweedfs):
    page = bucket_page(seaweedfs, versioned=False)
    page.store.put("notes.txt", b"hello")
    with window(browser, page) as w:
        w.go("notes.txt")
        expect(w.tab.locator(".side")).to_contain_text("No earlier contents are kept here.")


def test_a_folder_without_a_name_can_be_seen_and_opened(browser, moto):
    page = bucket_page(moto)
    moto.client.put_object(Bucket=page.root.removeprefix("s3://"), Key="runs//in.csv", Body=b"a\n1\n")
    with window(browser, page) as w:
        w.go("runs/")
        w.row("(no name)").click()
        w.row("in.csv").click()
        expect(w.tab.locator(".data")).to_be_visible()
        expect(w.tab.locator("#crumbs")).to_contain_text("(no name)")
