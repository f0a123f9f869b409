"""The page in a real headless Chromium, used as a person uses it."""

from __future__ import annotations

import re

import pytest

expect = pytest.importorskip("playwright.sync_api", reason="playwright is not installed").expect
pytestmark = pytest.mark.browser

SEARCH_TIMED = """(words) => new Promise((done) => {
  const box = document.getElementById("search"), began = performance.now();
  box.value = words;
  box.dispatchEvent(new Event("input"));
  requestAnimationFrame(() => setTimeout(() => done(performance.now() - began)));
})"""


def status(page, view):
    return page.locator(f"#{view} [role=status]").inner_text()


def test_a_click_on_a_sentence_shows_its_passage_marked_in_its_result(opened):
    page = opened("one")
    page.locator("#answer .sentence", has_text="330 metres").click()
    detail = page.locator("#detail")
    assert detail.locator("mark").inner_text() == "The tower is 330 metres tall."
    shown = detail.locator("pre").text_content()
    assert "<script>window.hacked" in shown
    assert "\u202e" not in shown  # it would turn what follows it around
    assert "\\u202e مرحبا 🗼🗼 It opened in 1889." in shown
    assert detail.locator(".degree").inner_text() == "supported"
    page.locator("#answer .sentence", has_text="1898").click()
    assert detail.locator(".degree").inner_text() == "contradicted"
    assert "1889, not 1898" in detail.inner_text()
    assert detail.locator("mark").inner_text().endswith("It opened in 1889.")
    page.keyboard.press("Escape")
    assert detail.is_hidden()


def test_every_sentence_says_its_degree_in_words(opened):
    page = opened("one")
    assert page.locator("#answer .answer .degree").all_inner_texts() == ["supported", "contradicted", "unsupported"]


def test_the_timeline_shows_thoughts_calls_decisions_and_dead_branches(opened):
    page = opened("one")
    page.click("#tab-timeline")
    turns = page.locator("#timeline .turn")
    assert turns.count() == 5
    assert page.locator("#timeline .dead .head").all_text_contents()[0].startswith("turn 1 rolled back: empty")
    assert "denied by no-grant" in turns.nth(2).text_content()
    turns.nth(1).get_by_text("thinking").click()
    assert "first <script>" in turns.nth(1).text_content()
    turns.nth(3).locator(".call").click()
    assert "its turn was rolled back" in page.locator("#detail").inner_text()
    page.locator("#timeline select").select_option("stopped by the guard")
    assert status(page, "timeline").startswith("1 of")


def test_offences_unknown_events_and_damage_are_shown(opened):
    page = opened("made")
    assert "which nobody asked for" in page.locator("#answer").inner_text()
    page.click("#tab-timeline")
    shown = page.locator("#timeline").text_content()
    assert "asked and approved by payee" in shown
    assert "args.to (payee) = <b>eve</b>: origin said, stands in made-0" in shown
    assert "endorsed from here on" in shown
    assert 'words: <script>window.hacked = "event"</script>' in shown
    page.click("#tab-graph")
    assert page.locator("#canvas canvas").first.is_visible()


def test_the_timeline_tells_what_verifiers_found_and_where_it_stands(opened):
    page = opened("checked")
    page.click("#tab-timeline")
    page.locator("#timeline select").select_option("findings of verifiers")
    first, second = page.locator("#timeline .event:visible").all()
    assert "draft 2 verified by" in first.inner_text()
    assert "2 findings; the model was told" in first.inner_text()
    assert "evidence_check: results say otherwise" in first.inner_text()
    assert "Lions sleep there <script>" in first.inner_text()
    assert "nothing found" in second.inner_text()
    first.locator(".call").click()
    assert "330 metres" in page.locator("#detail pre").last.inner_text()


def test_a_search_looks_into_results_and_shows_where(opened):
    page = opened("one")
    page.keyboard.press("/")
    page.keyboard.type("CLICK me")
    assert page.locator("#tab-timeline").get_attribute("aria-selected") == "true"
    assert page.locator("#timeline .turn:visible").count() == 1
    assert page.locator("#timeline .snippet mark:visible").text_content() == "click me"
    page.fill("#search", "no such words (.*[")
    assert status(page, "timeline").startswith("0 of")
    page.fill("#search", "")
    assert page.locator("#timeline .turn:visible").count() == 5


def test_the_graph_is_filtered_by_kind_trust_and_words_and_opens_nodes(opened):
    page = opened("one")
    page.click("#tab-graph")
    before = int(status(page, "graph").split()[0])
    page.get_by_label("turn", exact=True).uncheck()
    assert int(status(page, "graph").split()[0]) == before - 5
    page.get_by_label("trust of results").select_option("trusted")
    assert int(status(page, "graph").split()[0]) == before - 5 - 3
    page.get_by_label("trust of results").select_option("any trust")
    page.fill("#search", "330 metres")
    assert int(status(page, "graph").split()[0]) < before - 5
    page.get_by_label("only what the answer rests on").check()
    page.locator("#canvas").press("ArrowRight")
    page.locator("#canvas").press("Enter")
    assert page.locator("#detail").is_visible()
    page.locator("#canvas").press("+")


def test_a_click_into_the_graph_opens_the_node_that_stands_there(opened):
    page = opened("one")
    page.click("#tab-graph")
    page.wait_for_timeout(200)
    box = page.locator("#canvas").bounding_box()
    at = page.evaluate("""() => {
      const cy = document.getElementById("canvas")._cyreg.cy;
      return cy.nodes('[kind = "claim"]').last().renderedPosition();
    }""")
    page.mouse.click(box["x"] + at["x"], box["y"] + at["y"])
    assert "It was painted green." in page.locator("#detail").inner_text()


def test_an_imported_mirothinker_log_is_shown_with_what_its_sub_agent_read(opened):
    page = opened("imported")
    assert "khala guarded none of its calls" in page.locator("#answer").inner_text()
    page.locator("#answer .sentence", has_text="330 metres").click()
    assert page.locator("#detail mark").inner_text() == "The tower is 330 metres tall."
    assert page.locator("#detail .call").first.inner_text() == "tool-web-scrape"
    page.click("#tab-timeline")
    assert page.locator("#timeline .turn").count() == 2
    page.click("#tab-graph")
    assert page.get_by_label("subgoal", exact=True).is_checked()
    page.click("#tab-budget")
    assert page.locator("#budget table").is_visible()


def test_two_runs_stand_side_by_side_and_are_switched(opened):
    page = opened("two")
    assert page.locator("#compare .columns").first.locator(".answer").count() == 2
    assert "the other run saw it and left it out" in page.locator("#compare table").inner_text()
    second = page.locator("#runs button").nth(1)
    second.click()
    page.keyboard.press("1")
    assert page.locator("#answer .sentence").all_inner_texts() == ["It opened in 1889."]
    assert second.get_attribute("aria-pressed") == "true"
    page.click("#tab-graph")
    page.locator("#runs button").first.click()
    assert page.locator("#graph").is_visible()


def test_keys_alone_are_enough(opened):
    page = opened("one")
    page.keyboard.press("Tab")
    page.keyboard.press("ArrowRight")
    assert page.locator("#timeline").is_visible()
    page.keyboard.press("1")
    page.locator("#answer .sentence").first.focus()
    page.keyboard.press("Enter")
    assert page.locator("#detail mark").is_visible()
    for number, view in enumerate(("answer", "timeline", "graph", "budget"), start=1):
        page.keyboard.press(str(number))
        assert page.locator(f"#{view}").is_visible()


def test_the_budget_is_drawn_and_told_as_figures(opened):
    page = opened("big")
    page.click("#tab-budget")
    drawn = page.locator("#budget svg")
    assert drawn.first.get_attribute("aria-label").startswith("context size by turn: context ends at")
    assert drawn.nth(1).locator("polyline").count() >= 3
    assert "1,000" in page.locator("#budget table").inner_text()


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("none", "No tool was needed."),
        ("silent", "no answer"),
        ("fifty", "There is nothing on house 7."),
        ("erased", "unsupported"),
        ("hosted", "This run gave no answer."),
    ],
)
def test_an_odd_run_is_shown_as_far_as_it_goes(opened, name, expected):
    page = opened(name)
    assert expected in page.locator("#answer").inner_text()
    for view in ("timeline", "graph", "budget"):
        page.click(f"#tab-{view}")
        assert page.locator(f"#{view}").text_content()
    if name == "fifty":
        page.click("#tab-timeline")
        assert page.locator("#timeline .calls .call").count() == 50
    if name == "hosted":
        page.click("#tab-timeline")
        assert "denied by no-grant" in page.locator("#timeline").text_content()
    if name == "erased":
        page.click("#tab-timeline")
        page.locator("#timeline .call").first.click()
        assert "erased" in page.locator("#detail pre").last.inner_text()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_phone_reads_it_in_light_and_dark(opened, scheme):
    page = opened("one", viewport={"width": 390, "height": 800}, color_scheme=scheme)
    for view in ("answer", "timeline", "graph", "budget"):
        page.click(f"#tab-{view}")
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    page.click("#tab-answer")
    page.locator("#answer .sentence").first.click()
    assert page.locator("#detail").bounding_box()["width"] == 390
    ground, text = page.evaluate(
        "(({ backgroundColor, color }) => [backgroundColor, color])(getComputedStyle(document.body))"
    )
    assert contrast(ground, text) > 7


def contrast(one, other):
    """The ratio of WCAG 2 between two colours written as `rgb(1, 2, 3)`."""

    def light(colour):
        parts = [int(part) / 255 for part in re.findall(r"\d+", colour)[:3]]
        parts = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
        return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2]

    dark, bright = sorted((light(one), light(other)))
    return (bright + 0.05) / (dark + 0.05)


def test_six_hundred_calls_paint_and_search_without_a_wait(opened):
    page = opened("big")
    page.wait_for_timeout(1500)  # what is made ready while nobody types
    paint = page.evaluate("performance.getEntriesByName('first-contentful-paint')[0].startTime")
    page.click("#tab-timeline")
    took = {}
    for words in ("b", "bridge 4", "metres", "bridge number 599", "nowhere", ""):
        took[words] = page.evaluate(SEARCH_TIMED, words)
    print(f"first paint {paint:.0f} ms; searches {', '.join(f'{each:.0f}' for each in took.values())} ms")
    # several times what they take (README), so that a busy machine fails no test
    assert paint < 3000
    assert max(took.values()) < 1000
    page.fill("#search", "bridge number 599")
    assert page.locator("#timeline .turn:visible").count() == 1
    assert page.locator("#timeline .snippet mark:visible").text_content() == "bridge number 599"
    page.click("#tab-graph")
    page.fill("#search", "")
    nodes = status(page, "graph").split(" of ")[1].split()[0]
    assert int(nodes.replace(",", "")) > 4 * 600


def test_a_large_graph_is_drawn_piece_by_piece_and_says_so(opened):
    page = opened("big")
    page.click("#tab-graph")
    page.get_by_label("only what the answer rests on").uncheck()
    took = page.evaluate(SEARCH_TIMED, "b")
    print(f"a search in the graph that leaves {status(page, 'graph')}: {took:.0f} ms")
    assert took < 1000  # several times what it takes, so that a busy machine fails no test
    assert "drawn so far" in status(page, "graph")
    expect(page.locator("#graph [role=status]")).not_to_contain_text("so far")
    drawn = page.evaluate("document.getElementById('canvas')._cyreg.cy.nodes().length")
    assert drawn == int(status(page, "graph").split()[0].replace(",", "")) > 1000
    page.evaluate(SEARCH_TIMED, "bridge")
    page.locator("#canvas").press("ArrowLeft")  # the last node, which is not drawn yet
    assert page.evaluate("document.getElementById('canvas')._cyreg.cy.$(':selected').length") == 1
