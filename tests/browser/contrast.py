"""What a page looks like, in numbers: contrast, sizes, cut or overlapping text.

The walk visits every text that is on the page and visible, so that no state can bring a pair of
colours or a size that nobody looked at. Decoration drawn as SVG has words beside it and is left out.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from playwright.sync_api import Page

WALK = r"""
(controls) => {
  const parse = (text) => {
    const m = text.match(/rgba?\(([^)]+)\)/);
    const p = m ? m[1].split(",").map(Number) : [0, 0, 0, 0];
    return {r: p[0], g: p[1], b: p[2], a: p.length > 3 ? p[3] : 1};
  };
  const over = (top, under) => ({
    r: top.r * top.a + under.r * (1 - top.a), g: top.g * top.a + under.g * (1 - top.a),
    b: top.b * top.a + under.b * (1 - top.a), a: 1,
  });
  const light = (c) => {
    const f = (v) => { v /= 255; return v <= 0.03928 ? v / 12.92 : Math.pow((v + 0.055) / 1.055, 2.4); };
    return 0.2126 * f(c.r) + 0.7152 * f(c.g) + 0.0722 * f(c.b);
  };
  const ratio = (a, b) => {
    const [x, y] = [light(a), light(b)].sort((m, n) => n - m);
    return (x + 0.05) / (y + 0.05);
  };
  const ground = (node) => {
    const layers = [];
    for (let n = node; n; n = n.parentElement) {
      const c = parse(getComputedStyle(n).backgroundColor);
      if (c.a > 0) layers.push(c);
      if (c.a === 1) break;
    }
    return layers.reverse().reduce((under, top) => over(top, under), {r: 255, g: 255, b: 255, a: 1});
  };
  const shown = (node) => {
    for (let n = node; n; n = n.parentElement) {
      const s = getComputedStyle(n);
      if (s.display === "none" || s.visibility === "hidden" || Number(s.opacity) < 0.05) return false;
    }
    return true;
  };
  // Beside a wrapped or clipped text its own box says nothing: the nearest clipping box does.
  const cut = (node, box) => {
    for (let n = node; n && n !== document.documentElement; n = n.parentElement) {
      const s = getComputedStyle(n);
      if (s.overflowX === "visible") continue;
      const around = n.getBoundingClientRect();
      if (box.left < around.left - 1 || box.right > around.right + 1) {
        return s.textOverflow === "ellipsis" ? "shortened" : "cut";
      }
      if (s.overflowY === "auto" || s.overflowY === "scroll") return "";
    }
    return box.right > innerWidth + 1 || box.left < -1 ? "cut" : "";
  };
  // Lines below those that a clamp allows have boxes, but are not painted.
  const clamped = (node, box) => {
    for (let n = node; n; n = n.parentElement) {
      const lines = getComputedStyle(n).webkitLineClamp, middle = (box.top + box.bottom) / 2;
      if (lines && lines !== "none" && middle > n.getBoundingClientRect().bottom) return true;
    }
    return false;
  };
  const texts = [], boxes = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    const words = node.textContent.trim();
    const parent = node.parentElement;
    if (!words || !shown(parent)) continue;
    const range = document.createRange();
    range.selectNodeContents(node);
    const rects = Array.from(range.getClientRects()).filter((r) => r.width > 0 && !clamped(parent, r));
    if (!rects.length) continue;
    const style = getComputedStyle(parent);
    const px = parseFloat(style.fontSize);
    const under = ground(parent);
    const where = parent.id ? "#" + parent.id : parent.tagName.toLowerCase() + "." + parent.className;
    const clipped = rects.map((r) => cut(parent, r)).find(Boolean) || "";
    texts.push({words, where, px, ratio: ratio(over(parse(style.color), under), under), clipped});
    let hidden = false;
    for (let n = parent; n; n = n.parentElement) {
      const s = getComputedStyle(n);
      if (s.overflowY === "auto" && rects[0].bottom > n.getBoundingClientRect().bottom) hidden = true;
    }
    // Ink stands in the middle of its line: three quarters of the size is what a digit fills.
    if (!hidden && !clipped) rects.forEach((r) => {
      const middle = (r.top + r.bottom) / 2;
      boxes.push({words, where, l: r.left, r: r.right, t: middle - px * 0.36, b: middle + px * 0.36});
    });
  }
  const overlaps = [];
  boxes.forEach((a, i) => boxes.slice(i + 1).forEach((b) => {
    const x = Math.min(a.r, b.r) - Math.max(a.l, b.l), y = Math.min(a.b, b.b) - Math.max(a.t, b.t);
    if (x > 1 && y > 1) overlaps.push(`${a.where} ${a.words} / ${b.where} ${b.words}`);
  }));
  const edges = Array.from(document.querySelectorAll(controls))
    .filter((n) => shown(n) && n.getBoundingClientRect().width > 0 && !n.hasAttribute("aria-disabled"))
    .map((n) => {
      const outside = ground(n.parentElement), style = getComputedStyle(n);
      const border = parseFloat(style.borderTopWidth) > 0 ? ratio(parse(style.borderTopColor), outside) : 1;
      const best = Math.max(border, ratio(ground(n), outside));
      return {where: n.id || n.className, words: n.textContent.trim(), ratio: best};
    });
  const page = document.scrollingElement;
  const sideways = page.scrollWidth - page.clientWidth;
  return {texts, overlaps, edges, sideways, down: page.scrollHeight - page.clientHeight};
}
"""

CONTROLS = "button, input, a.link, .plate, .cap"


class Looks(NamedTuple):
    """A page as it stands.

    Attributes:
      least_ratio: WCAG contrast of the text that has the least.
      least_px: font size of the smallest text.
      texts: how many were looked at.
      faults: sentences, empty when all is well.
    """

    least_ratio: float
    least_px: float
    texts: int
    faults: list[str]


def look(page: Page, *, least_px: float, scrolls: bool = False) -> Looks:
    """Walk a page.

    Args:
      page: at rest.
      least_px: smallest size that text may have, CSS pixels.
      scrolls: whether it may be higher than the viewport.
    """
    found = page.evaluate(WALK, CONTROLS)
    faults = []
    for text in found["texts"]:
        name = f"{text['where']} {text['words'][:20]!r}"
        if text["ratio"] < 7:
            faults.append(f"{name}: contrast {text['ratio']:.2f}")
        if text["px"] < least_px - 0.1:
            faults.append(f"{name}: {text['px']:.1f} px, least is {least_px:.1f}")
        number = "number" in text["where"] or any(c.isdigit() for c in text["words"])
        if text["clipped"] == "cut" or (text["clipped"] and number):
            faults.append(f"{name}: {text['clipped']}")
    faults += [f"overlap: {one}" for one in found["overlaps"]]
    faults += [
        f"edge of {edge['where']} {edge['words'][:12]!r}: contrast {edge['ratio']:.2f}"
        for edge in found["edges"]
        if edge["ratio"] < 3
    ]
    if found["sideways"] > 0:
        faults.append(f"wider than the screen by {found['sideways']} px")
    if found["down"] > 0 and not scrolls:
        faults.append(f"higher than the screen by {found['down']} px")
    return Looks(
        least_ratio=min(text["ratio"] for text in found["texts"]),
        least_px=min(text["px"] for text in found["texts"]),
        texts=len(found["texts"]),
        faults=faults,
    )
