for (const root of document.querySelectorAll(".bp-explore:not([data-ready])")) {
  root.dataset.ready = "";
  const find = (what) => root.querySelector(what);
  const { parts, frames, alts, axes } = JSON.parse(find("script").textContent);
  const image = find("[role=img]"), svgs = root.querySelectorAll(".bp-frame svg");
  const controls = [...root.querySelectorAll("[data-axis]")];
  let timer, rest;

  const draw = () => {
    let at = 0;
    controls.forEach((control, i) => {
      const value = axes[i][control.value];
      at = at * axes[i].length + Number(control.value);
      if (control.type === "range") {
        control.setAttribute("aria-valuetext", value);
        control.parentNode.nextSibling.firstChild.textContent = value;
      }
    });
    frames[at].forEach((panel, i) => {
      svgs[i].innerHTML = panel.map((k) => parts[k]).join("");
    });
    image.setAttribute("aria-label", alts[at]);
    find(".bp-description p").textContent = alts[at];
    clearTimeout(rest);
    if (!timer) rest = setTimeout(() => (find(".bp-status").textContent = alts[at]), 500);
  };

  const button = find("[data-play]");
  if (button) {
    const slider = find(`[data-axis="${button.dataset.play}"]`);
    const name = button.getAttribute("aria-label").slice("Play ".length);
    const say = (word) => {
      button.textContent = word;
      button.setAttribute("aria-label", word + " " + name);
    };
    const stop = () => {
      timer = clearInterval(timer);
      say("Play");
    };
    const step = () => {
      slider.value = Number(slider.value) + 1;
      if (slider.value === slider.max) stop();
      draw();
    };
    button.addEventListener("click", () => {
      if (timer) {
        stop();
        return draw();
      }
      say("Pause");
      timer = setInterval(step, 700);
      if (slider.value !== slider.max) return step();
      slider.value = 0;
      draw();
    });
    slider.addEventListener("input", stop);
  }
  for (const control of controls) control.addEventListener("input", draw);
  find(".bp-controls").hidden = false;
  draw();
  clearTimeout(rest);
}
