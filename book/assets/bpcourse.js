// What a page needs beyond HTML and CSS. Without it the page still reads.
(() => {
  "use strict";

  // A box that scrolls sideways can be reached and scrolled with the keyboard, and has a name.
  const boxes = [
    [".math > .katex-display", "Formula, scrolls sideways"],
    [".pst-scrollable-table-container, .output.text_html, .cell_output .output", "Table or output, scrolls sideways"],
    ["div.highlight > pre", "Code, scrolls sideways"],
  ];
  const mark = () => {
    const changed = []; // measure all, then change: one layout instead of hundreds
    for (const [selector, name] of boxes) {
      for (const box of document.querySelectorAll(`.bd-article :is(${selector})`)) {
        const scrolls = box.scrollWidth > box.clientWidth + 1;
        if (scrolls !== box.hasAttribute("data-bp-scrolls")) changed.push([box, name, scrolls]);
      }
    }
    for (const [box, name, scrolls] of changed) {
      box.toggleAttribute("data-bp-scrolls", scrolls);
      if (scrolls) {
        box.tabIndex = 0;
        box.setAttribute("role", "group");
        box.setAttribute("aria-label", name);
      } else {
        for (const attribute of ["tabindex", "role", "aria-label"]) box.removeAttribute(attribute);
      }
    }
  };
  addEventListener("load", mark);
  document.fonts.ready.then(mark);
  addEventListener("toggle", mark, true);
  let waiting;
  addEventListener("resize", () => { clearTimeout(waiting); waiting = setTimeout(mark, 150); });

  // Paper has nothing to click: print the folded parts too, and fold them again afterwards.
  let opened = [];
  addEventListener("beforeprint", () => {
    opened = [...document.querySelectorAll("details:not([open])")];
    for (const part of opened) part.open = true;
  });
  addEventListener("afterprint", () => { for (const part of opened) part.open = false; });

  // A link to something inside a folded part opens it.
  const reveal = () => {
    const target = document.getElementById(decodeURIComponent(location.hash.slice(1)));
    const folded = target?.closest("details:not([open])");
    if (folded) { folded.open = true; target.scrollIntoView(); }
  };
  addEventListener("hashchange", reveal);
  addEventListener("DOMContentLoaded", reveal);
})();
