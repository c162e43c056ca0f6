"""How a page looks to somebody: text that is too faint, and what is wider than the window."""

ENOUGH = 4.5  # WCAG AA
PROJECTORS = ((1920, 1080), (1280, 800))
PHONES = ((820, 1180), (390, 844), (360, 640))

_CONTRAST = """
(enough) => {
  const canvas = document.createElement("canvas");
  canvas.width = canvas.height = 1;
  const paint = canvas.getContext("2d", { willReadFrequently: true });
  // Whatever way a colour is written in, the canvas has it as numbers.
  const rgba = (text) => {
    paint.clearRect(0, 0, 1, 1);
    paint.fillStyle = text;
    paint.fillRect(0, 0, 1, 1);
    const [r, g, b, a] = paint.getImageData(0, 0, 1, 1).data;
    return [r, g, b, a / 255];
  };
  const over = (top, below) => [0, 1, 2].map((i) => top[i] * top[3] + below[i] * (1 - top[3]));
  const behind = (element) => {
    const layers = [];
    for (let each = element; each; each = each.parentElement) {
      const colour = rgba(getComputedStyle(each).backgroundColor);
      layers.unshift(colour);
      if (colour[3] === 1) break;
    }
    return layers.reduce((below, layer) => over(layer, below), [255, 255, 255]);
  };
  const bright = (colour) => {
    const [r, g, b] = colour.map((each) => {
      const share = each / 255;
      return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const ratio = (one, other) => {
    const [dark, light] = [bright(one), bright(other)].sort((a, b) => a - b);
    return (light + 0.05) / (dark + 0.05);
  };
  const found = [];
  const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (texts.nextNode()) {
    const element = texts.currentNode.parentElement;
    const text = texts.currentNode.textContent.trim();
    if (!text || !element.checkVisibility() || element.matches("script, style, option")) continue;
    const ground = behind(element);
    // The text of a picture is filled, any other has a colour.
    const style = getComputedStyle(element);
    const colour = over(rgba(element instanceof SVGElement ? style.fill : style.color), ground);
    const is = ratio(colour, ground);
    if (is < enough) found.push(`${is.toFixed(2)}: ${text.slice(0, 60)}`);
  }
  return found;
}
"""

_OVERFLOW = """
() => {
  const wide = document.documentElement.clientWidth;
  const scrolls = (element) => {
    for (let each = element; each; each = each.parentElement) {
      const kept = ["auto", "scroll", "hidden", "clip"].includes(getComputedStyle(each).overflowX);
      if (kept && each !== document.body) return true;
    }
    return false;
  };
  const found = [...document.body.querySelectorAll("*")].filter(
    (each) => each.checkVisibility() && each.getBoundingClientRect().right > wide + 1 && !scrolls(each.parentElement));
  const names = found.map((each) => `${each.tagName.toLowerCase()}#${each.id}.${each.getAttribute("class") ?? ""}`);
  const whole = document.documentElement.scrollWidth;
  return whole > wide ? [...names, `the page is ${whole} wide in ${wide}`] : names;
}
"""


def contrast(page, enough=ENOUGH):
    """Return the visible texts whose contrast with what is behind them is lower than it should be, with the ratio."""
    return page.evaluate(_CONTRAST, enough)


def overflow(page):
    """Return the elements that reach beyond the window's right edge and cannot be scrolled to."""
    return page.evaluate(_OVERFLOW)


def faults(page):
    """Return what is too faint or too wide on any screen, light or dark."""
    found = []
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        for width, height in (*PROJECTORS, *PHONES):
            page.set_viewport_size({"width": width, "height": height})
            found += [f"{scheme}, {width} wide: {fault}" for fault in (*contrast(page), *overflow(page))]
    return found
